import{a as $,b as C,c as f,d,e as z,f as b}from"./chunk-F3OOMNTJ.js";import{a as y}from"./chunk-IJQTJ4TY.js";import{a as q}from"./chunk-4GHDVSTI.js";import{J as k,a as _,b as w,c as h,g as m,i as u,ia as e,j as s,ja as v,ka as x,v as g}from"./chunk-UOLFTCP7.js";g(".share{border:0;padding:0;margin:auto;color:var(--ink);background:var(--bg-raise);border-radius:var(--r-4);box-shadow:var(--sh-2);inline-size:min(34rem,calc(100% - 1rem));max-block-size:calc(100dvh - 1rem)}.share::backdrop{background:var(--scrim)}.share__in{padding:var(--s-4) var(--s-5) var(--s-5);display:grid;grid-template-columns:minmax(0,1fr);gap:var(--s-3)}.share__head{display:flex;align-items:center;justify-content:space-between;gap:var(--s-2);min-block-size:var(--tap)}.share__head h2{font-size:var(--t-lg);line-height:1.5rem;font-weight:var(--w-bold)}.share__hint{color:var(--ink-2);margin-block-start:calc(-1 * var(--s-2))}.share__card{display:grid;justify-items:center;gap:var(--s-1);padding:var(--s-2) var(--s-4) var(--s-4);background:var(--paper);color:var(--paper-ink);border-radius:var(--r-3);box-shadow:inset 0 0 0 1px var(--line)}.share__card .code{inline-size:min(16.5rem,100%)}.share__address{font-size:1.375rem;line-height:1.75rem;letter-spacing:-.01em;font-variant-numeric:tabular-nums;text-align:center;overflow-wrap:anywhere}.share__row{display:flex;flex-wrap:wrap;gap:var(--s-2)}.share__copy{flex:1 1 10rem}.share__row a{flex:0 1 auto}.share__all{border:0;margin:0;padding:0;font-size:var(--t-sm);min-inline-size:0}.share__all legend{padding:0;color:var(--ink-3)}.share__all label{display:flex;align-items:center;gap:var(--s-2);min-block-size:var(--row)}.share__all input{inline-size:1.125rem;block-size:1.125rem;accent-color:var(--act);margin:0;flex:none}.share__all small{color:var(--ink-3)}.share__alone{display:flex;gap:var(--s-2);padding:var(--s-3);border-radius:var(--r-2);background:var(--twine-soft);font-size:var(--t-sm);line-height:1.25rem}.share__alone .icon{color:var(--twine-ink)}.share__things{display:grid;grid-template-columns:minmax(0,1fr);gap:var(--s-2);border-block-start:1px solid var(--line);padding-block-start:var(--s-3)}.share__things h3{display:flex;align-items:center;gap:var(--s-2);margin:0;font-size:inherit;font-weight:var(--w-bold)}.share__things .share__hint{margin:0;font-size:var(--t-sm);line-height:1.25rem}.share__things .tabs{padding:0;min-block-size:0;flex-wrap:wrap}.share__lines{margin-block:var(--s-2);padding:var(--s-2) var(--s-3);max-block-size:16rem;overflow:auto;background:var(--bg-code);border-radius:var(--r-2);box-shadow:inset 0 0 0 1px var(--line);font:.8125rem/1.25rem var(--mono);text-align:start;white-space:pre-wrap;overflow-wrap:anywhere;tab-size:2}@media(max-width:29.99rem){.share__in{padding-inline:var(--s-4)}}@media print{.share{display:none}}");var T=["shell","arduino","python","nodered","homeassistant"];function S(r,a){let t=`chat/room/${a.room}`;switch(r){case"shell":{let n=`-h ${a.host}${a.port===1883?"":` -p ${a.port}`}`;return`# say something
mosquitto_pub ${n} -u kitchen -t ${t}/say -m 'dinner is ready'

# show a value: a number, a text or JSON
mosquitto_pub ${n} -u kitchen -t ${t}/state/me -m '{"temperature":21.5,"humidity":40}'

# listen
mosquitto_sub ${n} -u listener -t ${t}/messages`}case"arduino":return`#include <WiFi.h>
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
  mqtt.setServer("${a.host}", ${a.port});
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
    mqtt.publish("${t}/say", "here I am");
  }
  mqtt.loop();
  if (millis() - last > 10000) {
    last = millis();
    char json[64];
    snprintf(json, sizeof json, "{\\"temperature\\":%.1f}", temperatureRead());
    mqtt.publish("${t}/state/me", json);
  }
}`;case"python":return`# pip install paho-mqtt   (2.0 or newer)
import json
import time
import paho.mqtt.client as mqtt


def on_connect(client, userdata, flags, reason, properties):
    print("connected:", reason)
    client.subscribe("${t}/messages", qos=1)


def on_message(client, userdata, message):
    said = json.loads(message.payload)
    print(said["from"] + ":", said["text"])


client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="script-1", protocol=mqtt.MQTTv5)
client.username_pw_set("script", "choose-a-secret")
client.on_connect = on_connect
client.on_message = on_message
client.connect("${a.host}", ${a.port})
client.loop_start()
client.publish("${t}/say", "here I am", qos=1)
while True:
    client.publish("${t}/state/me", json.dumps({"load": 0.4}), qos=1)
    time.sleep(10)`;case"nodered":return JSON.stringify([{id:"tincan0000000001",type:"mqtt-broker",name:"tincan",broker:a.host,port:String(a.port),clientid:"node-red",autoConnect:!0,usetls:!1,protocolVersion:"5",keepalive:"60",cleansession:!0},{id:"tincan0000000002",type:"mqtt in",name:"",topic:`${t}/messages`,qos:"1",datatype:"json",broker:"tincan0000000001",x:180,y:80,wires:[["tincan0000000003"]]},{id:"tincan0000000003",type:"debug",name:"",active:!0,complete:"payload",x:430,y:80,wires:[]},{id:"tincan0000000004",type:"inject",name:"",props:[{p:"payload"}],payload:"hello from Node-RED",payloadType:"str",x:180,y:140,wires:[["tincan0000000005"]]},{id:"tincan0000000005",type:"mqtt out",name:"",topic:`${t}/say`,qos:"1",retain:"",broker:"tincan0000000001",x:430,y:140,wires:[]}],null,1);case"homeassistant":return`# Settings, Devices & services, Add integration, MQTT:
#   broker ${a.host}, port ${a.port}, user name homeassistant
# then in configuration.yaml:
mqtt:
  sensor:
    - name: "Kitchen temperature"
      state_topic: "${t}/state/kitchen"
      value_template: "{{ value_json.temperature }}"
      unit_of_measurement: "°C"
      device_class: temperature

script:
  tell_the_room:
    sequence:
      - action: mqtt.publish
        data:
          topic: "${t}/say"
          payload: "The washing machine is done"
          qos: 1`}}g(".poster{display:none}@media print{.app:has(.poster)>:not(.poster){display:none}.poster{display:grid;justify-items:center;gap:8mm;padding:10mm;color:var(--paper-ink);text-align:center;break-inside:avoid}.poster h1{font-size:28pt;line-height:1.2}.poster .code{inline-size:100mm}.poster b{font-size:28pt;line-height:1.2;font-variant-numeric:tabular-nums}.poster ol{font-size:16pt;line-height:1.5;text-align:start;margin:0}}");u({76:"Join the Wi-Fi of this place.",77:"Scan the code, or type the address into a browser.",78:"Choose a name, and talk.",g:"Stays on this network. No account, no internet."});function I({title:r,link:a}){return e("div",{class:"poster","aria-hidden":"true",children:[e("h1",{children:e("bdi",{children:r})}),e(b,{link:a}),e("b",{dir:"ltr",children:d(a)}),e("ol",{children:[e("li",{children:s("76")}),e("li",{children:s("77")}),e("li",{children:s("78")})]}),e("p",{children:s("g")})]})}u({"share.title":"Invite people","share.titleRoom":"Invite people to #{room}","share.open":"Invite people","share.close":"Close","share.hint":"Same Wi-Fi, then scan or type. Nothing to install.","share.code":"QR code for {link}","share.copy":"Copy address","share.copyLines":"Copy these lines","share.copied":"Copied","share.press":"Press {keys} to copy","share.print":"Print","share.full":"Full screen","share.addresses":"All addresses of this place","share.local":"Apple, Windows 10 and newer, most Linux","share.alone":"Only this computer can join: tincan listens on {host} alone. Let it listen on :8080 and everybody on this network can.","share.unknown":"The server does not answer. Try again in a moment.","share.devices":"Devices and scripts","share.mqtt":"MQTT at {host}, port {port}, topic {topic}","share.shell":"mosquitto_pub","share.arduino":"ESP32","share.python":"Python","share.nodered":"Node-RED","share.homeassistant":"Home Assistant"});function re({room:r,onClose:a}){let t=h(null),n=m("asking"),l=m("");w(()=>{t.current?.showModal(),$(fetch.bind(window)).then(c=>{n.value=c})},[]);let o=n.value==="asking"?null:n.value,i=C(location.origin,o?.addresses??[]),p=i.includes(l.value)?l.value:i[0]??"",W=p===""&&o!==null;return e(_,{children:[e("dialog",{class:"share",ref:t,"aria-labelledby":"share-title",onClose:a,onClick:c=>c.target===t.current&&t.current?.close(),children:e("div",{class:"share__in",children:[e("div",{class:"share__head",children:[e("h2",{id:"share-title",children:r==="lobby"?s("share.title"):s("share.titleRoom",{room:r})}),e(x,{name:"x",label:s("share.close"),onClick:()=>t.current?.close()})]}),p!==""&&e(j,{link:f(p,r),room:r,all:i,address:p,onChoose:c=>{l.value=c}}),W&&e("p",{class:"share__alone",children:[e(v,{name:"warn"}),s("share.alone",{host:location.hostname})]}),n.value===null&&i.length===0&&e("p",{class:"share__alone",children:[e(v,{name:"warn"}),s("share.unknown")]}),o&&e(E,{host:z(o.mqtt.host,location.hostname),port:o.mqtt.port,room:r})]})}),p!==""&&e(I,{title:k(),link:f(p,r)})]})}function j({link:r,room:a,all:t,address:n,onChoose:l}){let o=h(null);return e(_,{children:[e("p",{class:"share__hint",children:s("share.hint")}),e("div",{class:"share__card",children:[e(b,{link:r}),e("b",{class:"share__address",ref:o,dir:"ltr",children:d(r)})]}),e("div",{class:"share__row",children:[e(y,{class:"button--go share__copy",text:r,label:s("share.copy"),shows:o}),e("button",{type:"button",class:"button",onClick:()=>print(),children:s("share.print")}),e("a",{class:"button",href:a==="lobby"?"/qr":`/qr#${encodeURIComponent(a)}`,target:"_blank",children:s("share.full")})]}),t.length>1&&e("fieldset",{class:"share__all",children:[e("legend",{children:s("share.addresses")}),t.map(i=>e("label",{children:[e("input",{type:"radio",name:"address",checked:i===n,onChange:()=>l(i)}),e("bdi",{dir:"ltr",children:d(i)}),/\.local(:\d+)?$/.test(i)&&e("small",{children:s("share.local")})]},i))]})]})}function E({host:r,port:a,room:t}){let n=m("shell"),l=h(null),o=S(n.value,{host:r,port:a,room:t});return e("section",{class:"share__things",children:[e("h3",{children:[e(v,{name:"chip"}),s("share.devices")]}),e("p",{class:"share__hint",children:s("share.mqtt",{host:r,port:String(a),topic:`chat/room/${t}/say`})}),e(q,{id:"share",label:s("share.devices"),all:T.map(i=>({key:i,words:s(`share.${i}`)})),chosen:n.value,onChoose:i=>{n.value=i}}),e("div",{id:"share-in",role:"tabpanel","aria-labelledby":`share-${n.value}`,children:[e("pre",{class:"share__lines",dir:"ltr",tabIndex:0,children:e("code",{ref:l,children:o})}),e(y,{text:o,label:s("share.copyLines"),shows:l})]})]})}export{re as Share};
