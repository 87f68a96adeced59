// What to write on a device so that it joins, for those who have one in front of them.

/** The ways that are told. */
export const ways = ['shell', 'arduino', 'python', 'nodered', 'homeassistant'] as const
export type Way = (typeof ways)[number]

/** What stands in the snippets: a slug has no character that any of the languages would have to escape. */
export interface Target {
  host: string
  port: number
  room: string
}

/** The lines for one way. */
export function snippet(way: Way, t: Target): string {
  const room = `chat/room/${t.room}`
  switch (way) {
    case 'shell': {
      const to = `-h ${t.host}${t.port === 1883 ? '' : ` -p ${t.port}`}`
      return `# say something
mosquitto_pub ${to} -u kitchen -t ${room}/say -m 'dinner is ready'

# show a value: a number, a text or JSON
mosquitto_pub ${to} -u kitchen -t ${room}/state/me -m '{"temperature":21.5,"humidity":40}'

# listen
mosquitto_sub ${to} -u listener -t ${room}/messages`
    }
    case 'arduino': return `#include <WiFi.h>
#include <PubSubClient.h>  // by Nick O'Leary, in the library manager

WiFiClient net;
PubSubClient mqtt(net);
unsigned long last = 0;

void onMessage(char* topic, byte* payload, unsigned int length) {
  Serial.printf("%s %.*s\\n", topic, (int)length, (const char*)payload);
}

void setup() {
  Serial.begin(115200);
  WiFi.begin("your Wi-Fi", "its password");
  while (WiFi.status() != WL_CONNECTED) delay(250);
  mqtt.setServer("${t.host}", ${t.port});
  mqtt.setBufferSize(2048);
  mqtt.setCallback(onMessage);
}

void loop() {
  if (!mqtt.connected()) {
    // client id, name, and a secret of your own that keeps the name
    if (!mqtt.connect("esp32-1", "esp32", "choose-a-secret")) {
      delay(2000);
      return;
    }
    mqtt.subscribe("chat/user/me/inbox");  // commands arrive here
    mqtt.publish("${room}/say", "here I am");
  }
  mqtt.loop();
  if (millis() - last > 10000) {
    last = millis();
    char json[64];
    snprintf(json, sizeof json, "{\\"temperature\\":%.1f}", temperatureRead());
    mqtt.publish("${room}/state/me", json);
  }
}`
    case 'python': return `# pip install paho-mqtt   (2.0 or newer)
import json
import time
import paho.mqtt.client as mqtt


def on_connect(client, userdata, flags, reason, properties):
    print("connected:", reason)
    client.subscribe("${room}/messages", qos=1)


def on_message(client, userdata, message):
    said = json.loads(message.payload)
    print(said["from"] + ":", said["text"])


client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="script-1", protocol=mqtt.MQTTv5)
client.username_pw_set("script", "choose-a-secret")
client.on_connect = on_connect
client.on_message = on_message
client.connect("${t.host}", ${t.port})
client.loop_start()
client.publish("${room}/say", "here I am", qos=1)
while True:
    client.publish("${room}/state/me", json.dumps({"load": 0.4}), qos=1)
    time.sleep(10)`
    case 'nodered': return JSON.stringify([
      { id: 'tincan0000000001', type: 'mqtt-broker', name: 'tincan', broker: t.host, port: String(t.port), clientid: 'node-red', autoConnect: true, usetls: false, protocolVersion: '5', keepalive: '60', cleansession: true },
      { id: 'tincan0000000002', type: 'mqtt in', name: '', topic: `${room}/messages`, qos: '1', datatype: 'json', broker: 'tincan0000000001', x: 180, y: 80, wires: [['tincan0000000003']] },
      { id: 'tincan0000000003', type: 'debug', name: '', active: true, complete: 'payload', x: 430, y: 80, wires: [] },
      { id: 'tincan0000000004', type: 'inject', name: '', props: [{ p: 'payload' }], payload: 'hello from Node-RED', payloadType: 'str', x: 180, y: 140, wires: [['tincan0000000005']] },
      { id: 'tincan0000000005', type: 'mqtt out', name: '', topic: `${room}/say`, qos: '1', retain: '', broker: 'tincan0000000001', x: 430, y: 140, wires: [] },
    ], null, 1)
    case 'homeassistant': return `# Settings, Devices & services, Add integration, MQTT:
#   broker ${t.host}, port ${t.port}, user name homeassistant
# then in configuration.yaml:
mqtt:
  sensor:
    - name: "Kitchen temperature"
      state_topic: "${room}/state/kitchen"
      value_template: "{{ value_json.temperature }}"
      unit_of_measurement: "°C"
      device_class: temperature

script:
  tell_the_room:
    sequence:
      - action: mqtt.publish
        data:
          topic: "${room}/say"
          payload: "The washing machine is done"
          qos: 1`
  }
}
