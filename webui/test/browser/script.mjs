// A server that does what a test says, for what the real one cannot be brought to do. It stands behind the door of a house.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import mqtt from 'mqtt-packet'
import { WebSocketServer } from 'ws'
import { until } from './house.mjs'

const lobby = { room: 'lobby', topic: '', last: 0 }

/** One connection of a page: it is let in and answered like by a chat where nothing was said, unless the test takes its packets itself. */
class Visit {
  packets = [] // all that came
  closed = false
  #parser = mqtt.parser({ protocolVersion: 5 })

  constructor(server, ws) {
    this.server = server
    this.ws = ws
    this.#parser.on('packet', (p) => {
      this.packets.push(p)
      if (!server.takes?.(p, this)) this.answer(p)
    })
    ws.on('message', (data) => this.#parser.parse(data))
    ws.on('close', () => { this.closed = true })
    ws.on('error', () => {})
  }

  get connect() {
    return this.packets.find((p) => p.cmd === 'connect')
  }

  /** The messages that were posted. */
  get said() {
    return this.packets.filter((p) => p.cmd === 'publish' && p.topic.endsWith('/say')).map((p) => JSON.parse(p.payload))
  }

  send(p) {
    this.ws.send(mqtt.generate({ qos: 0, retain: false, dup: false, ...p }, { protocolVersion: 5 }))
  }

  tell(topic, body, retain = false) {
    this.send({ cmd: 'publish', topic, payload: JSON.stringify(body), retain })
  }

  answer(p) {
    if (p.cmd === 'connect') this.send({ cmd: 'connack', reasonCode: 0, sessionPresent: false, properties: { userProperties: { name: p.username } } })
    if (p.cmd === 'pingreq') this.send({ cmd: 'pingresp' })
    if (p.cmd === 'unsubscribe') this.send({ cmd: 'unsuback', messageId: p.messageId, granted: p.unsubscriptions.map(() => 0) })
    if (p.cmd === 'subscribe') {
      this.send({ cmd: 'suback', messageId: p.messageId, granted: p.subscriptions.map(() => 0) })
      this.tell('chat/server/rooms', [lobby], true)
      this.tell('chat/room/lobby/roster', { epoch: 'e', rev: 1, count: 1, members: [{ name: this.connect.username, kind: 'person', state: 'online', since: '', sessions: [] }] }, true)
    }
    if (p.cmd !== 'publish') return
    const body = p.topic.endsWith('/history') && JSON.parse(p.payload)
    if (body) this.tell('chat/user/me/inbox', { type: 'history', room: 'lobby', request: body.request, messages: [], last: 0, more: false })
    if (p.qos === 1) this.ack(p, 0)
  }

  ack(p, reasonCode, reasonString) {
    this.send({ cmd: 'puback', messageId: p.messageId, reasonCode, properties: { ...(reasonString && { reasonString }) } })
  }

  /** Sends DISCONNECT with a code, and closes. */
  end(reasonCode, reasonString) {
    this.send({ cmd: 'disconnect', reasonCode, properties: { ...(reasonString && { reasonString }) } })
    this.ws.close()
  }
}

export class Script {
  visits = []
  /** Takes a packet instead of the ordinary answer when it returns true. */
  takes

  /** Stands behind the door of a house. */
  static async behind(t, house) {
    const s = new Script()
    const wss = new WebSocketServer({ host: '127.0.0.1', port: 0, path: '/mqtt' })
    await once(wss, 'listening')
    wss.on('connection', (ws) => s.visits.push(new Visit(s, ws)))
    t.after(() => {
      for (const ws of wss.clients) ws.terminate()
      wss.close()
    })
    house.door.elsewhere = wss.address().port
    return s
  }

  /** The nth connection, when it has come. */
  async visit(n) {
    await until(`connection ${n} comes`, async () => this.visits.length >= n && this.visits[n - 1].connect)
    assert.equal(this.visits.length, n, 'there are more connections')
    return this.visits[n - 1]
  }
}
