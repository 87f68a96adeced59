import assert from 'node:assert/strict'
import { test } from 'node:test'
import mqtt from 'mqtt-packet'
import {
  Decoder, type Packet, type Properties, Unencodable, encodeConnect, encodeDisconnect, encodePingreq, encodePuback, encodePublish,
  encodeSubscribe, encodeUnsubscribe,
} from '../../src/mqtt/codec.ts'
import { Chance } from './chance.ts'

// ---- both libraries' words for the same

type Theirs = Record<string, any>

const names: [keyof Properties, string][] = [
  ['messageExpiry', 'messageExpiryInterval'], ['contentType', 'contentType'], ['responseTopic', 'responseTopic'],
  ['correlation', 'correlationData'], ['sessionExpiry', 'sessionExpiryInterval'], ['assignedClientId', 'assignedClientIdentifier'],
  ['serverKeepAlive', 'serverKeepAlive'], ['responseInformation', 'responseInformation'], ['serverReference', 'serverReference'],
  ['reason', 'reasonString'], ['receiveMaximum', 'receiveMaximum'], ['topicAliasMaximum', 'topicAliasMaximum'],
  ['maximumQoS', 'maximumQoS'], ['maximumPacketSize', 'maximumPacketSize'], ['authMethod', 'authenticationMethod'],
  ['authData', 'authenticationData'],
]
const flags: [keyof Properties, string][] = [
  ['payloadFormat', 'payloadFormatIndicator'], ['retainAvailable', 'retainAvailable'], ['wildcardAvailable', 'wildcardSubscriptionAvailable'],
  ['subscriptionIdAvailable', 'subscriptionIdentifiersAvailable'], ['sharedAvailable', 'sharedSubscriptionAvailable'],
  ['requestProblem', 'requestProblemInformation'], ['requestResponse', 'requestResponseInformation'],
]

function theirs(p: Properties): Theirs {
  const t: Theirs = {}
  for (const [ours, name] of names) if (p[ours] !== undefined) t[name] = p[ours] instanceof Uint8Array ? Buffer.from(p[ours]) : p[ours]
  for (const [ours, name] of flags) if (p[ours] !== undefined) t[name] = p[ours] === 1
  if (p.subscriptionId) t.subscriptionIdentifier = p.subscriptionId.length === 1 ? p.subscriptionId[0] : p.subscriptionId
  for (const [k, v] of p.user ?? []) {
    t.userProperties ??= Object.create(null)
    t.userProperties[k] = t.userProperties[k] === undefined ? v : [t.userProperties[k], v].flat()
  }
  return t
}

/** Makes values comparable: byte arrays and objects without prototype become plain ones. */
const plain = (v: unknown): unknown => JSON.parse(JSON.stringify(v ?? {}, (_, x) => (x instanceof Uint8Array ? [...x] : x)))

function theyRead(bytes: Uint8Array): Theirs {
  const p = mqtt.parser({ protocolVersion: 5 })
  let got: Theirs | undefined
  p.on('packet', (x) => (got = x))
  p.on('error', (e) => assert.fail(e))
  assert.equal(p.parse(Buffer.from(bytes)), 0, 'bytes are left over')
  assert.ok(got, 'no packet came')
  return got
}

const theyWrite = (p: Theirs): Uint8Array => mqtt.generate(p as never, { protocolVersion: 5 })

function weRead(bytes: Uint8Array): Packet {
  const { packets, fault } = new Decoder(1 << 20).push(bytes)
  assert.equal(fault, undefined)
  assert.equal(packets.length, 1)
  return packets[0]
}

// ---- random packets

function pairs(c: Chance): [string, string][] {
  // mqtt-packet forgets an empty value when its key comes again, so the key that may come again has no empty ones.
  return Array.from({ length: c.int(1, 4) }, (_, i) => (c.flip() ? [`k${i}`, c.text(8)] : ['again', `v${c.text(8)}`]))
}

function some(c: Chance, all: Properties): Properties {
  return Object.fromEntries(Object.entries(all).filter(() => c.flip()))
}

function publishProperties(c: Chance): Properties {
  return some(c, {
    payloadFormat: c.int(0, 1), messageExpiry: c.int(0, 0xffffffff), contentType: c.text(9), responseTopic: `r${c.int(0, 9)}`,
    correlation: c.bytes(20), user: pairs(c),
  })
}

const rounds = 2_000

test('what we write is what mqtt-packet reads', () => {
  const c = new Chance(1)
  for (let i = 0; i < rounds; i++) {
    const connect = {
      clientId: c.text(12), cleanStart: c.flip(), keepalive: c.int(0, 65_535), name: c.flip() ? c.text(20) : undefined,
      secret: c.flip() ? c.bytes(40) : undefined,
      properties: some(c, { sessionExpiry: c.int(0, 0xffffffff), receiveMaximum: c.int(1, 65_535), maximumPacketSize: c.int(1, 0xffffffff), user: pairs(c) }),
    }
    const t = theyRead(encodeConnect(connect))
    assert.equal(t.clientId, connect.clientId)
    assert.equal(t.clean, connect.cleanStart)
    assert.equal(t.keepalive, connect.keepalive)
    assert.equal(t.username, connect.name)
    assert.deepEqual(t.password && [...t.password], connect.secret && [...connect.secret])
    assert.deepEqual(plain(t.properties), plain(theirs(connect.properties)))

    const qos = c.one([0, 1] as const)
    const p = {
      topic: `t${c.text(30)}`, payload: c.bytes(300), qos, retain: c.flip(), dup: qos === 1 && c.flip(), id: c.int(1, 65_535),
      properties: publishProperties(c),
    }
    const tp = theyRead(encodePublish(p))
    assert.deepEqual([tp.topic, tp.qos, tp.retain, tp.dup, [...tp.payload]], [p.topic, p.qos, p.retain, p.dup, [...p.payload]])
    if (qos === 1) assert.equal(tp.messageId, p.id)
    assert.deepEqual(plain(tp.properties), plain(theirs(p.properties)))

    const id = c.int(1, 65_535)
    const filters = Array.from({ length: c.int(1, 9) }, () => `f${c.text(9)}`)
    const ts = theyRead(encodeSubscribe(id, filters, qos))
    assert.equal(ts.messageId, id)
    assert.deepEqual(plain(ts.subscriptions), filters.map((topic) => ({ topic, qos, nl: false, rap: false, rh: 0 })))
    const tu = theyRead(encodeUnsubscribe(id, filters))
    assert.deepEqual([tu.messageId, tu.unsubscriptions], [id, filters])
    const code = c.one([0, 0x10, 0x83])
    const ta = theyRead(encodePuback(id, code))
    assert.deepEqual([ta.cmd, ta.messageId, ta.reasonCode ?? 0], ['puback', id, code])
  }
  assert.equal(theyRead(encodePingreq()).cmd, 'pingreq')
  assert.equal(theyRead(encodeDisconnect()).cmd, 'disconnect')
  assert.equal(theyRead(encodeDisconnect(0x82)).reasonCode, 0x82)
})

/** A packet as a server may send it, in their words and as we are to read it. */
function fromServer(c: Chance): { theirs: Theirs; ours: Packet } {
  const id = c.int(1, 65_535)
  const said = some(c, { reason: c.text(30), user: pairs(c) })
  switch (c.int(0, 6)) {
    case 0: {
      const code = c.one([0, 0x86, 0x89])
      const properties = some(c, {
        ...said, sessionExpiry: c.int(0, 0xffffffff), receiveMaximum: c.int(1, 65_535), maximumQoS: c.int(0, 1), retainAvailable: c.int(0, 1),
        maximumPacketSize: c.int(1, 0xffffffff), assignedClientId: c.text(9), topicAliasMaximum: c.int(0, 65_535), wildcardAvailable: c.int(0, 1),
        subscriptionIdAvailable: c.int(0, 1), sharedAvailable: c.int(0, 1), serverKeepAlive: c.int(0, 65_535), responseInformation: c.text(9),
        serverReference: c.text(9), authMethod: c.text(9), authData: c.bytes(9),
      })
      const sessionPresent = c.flip()
      return {
        theirs: { cmd: 'connack', sessionPresent, reasonCode: code, properties: theirs(properties) },
        ours: { type: 'connack', sessionPresent, code, properties },
      }
    }
    case 1: {
      const qos = c.one([0, 1] as const)
      const p = {
        topic: `t${c.text(30)}`, payload: c.bytes(400), qos, retain: c.flip(), dup: qos === 1 && c.flip(), id: qos && id,
        properties: { ...publishProperties(c), ...(c.flip() && { subscriptionId: Array.from({ length: c.int(1, 3) }, () => c.int(1, 268_435_455)) }) },
      }
      return {
        theirs: { ...p, cmd: 'publish', messageId: id, payload: Buffer.from(p.payload), properties: theirs(p.properties) },
        ours: { type: 'publish', ...p },
      }
    }
    case 2: {
      const code = c.one([0, 0x10, 0x97])
      return { theirs: { cmd: 'puback', messageId: id, reasonCode: code, properties: theirs(said) }, ours: { type: 'puback', id, code, properties: said } }
    }
    case 3: {
      const codes = Array.from({ length: c.int(1, 9) }, () => c.one([0, 1, 0x87, 0x8f]))
      return { theirs: { cmd: 'suback', messageId: id, granted: codes, properties: theirs(said) }, ours: { type: 'suback', id, codes, properties: said } }
    }
    case 4: {
      const codes = Array.from({ length: c.int(1, 9) }, () => c.one([0, 0x11, 0x87]))
      return { theirs: { cmd: 'unsuback', messageId: id, granted: codes, properties: theirs(said) }, ours: { type: 'unsuback', id, codes, properties: said } }
    }
    case 5: {
      const code = c.one([0, 0x8e, 0x8b])
      return { theirs: { cmd: 'disconnect', reasonCode: code, properties: theirs(said) }, ours: { type: 'disconnect', code, properties: said } }
    }
  }
  return { theirs: { cmd: 'pingresp' }, ours: { type: 'pingresp' } }
}

/** Pairs may be regrouped by mqtt-packet, whose user properties are an object. */
function grouped(p: Packet): unknown {
  const user = 'properties' in p ? p.properties.user : undefined
  const sorted = user && [...user].sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0))
  return plain('properties' in p ? { ...p, properties: { ...p.properties, user: sorted } } : p)
}

test('what mqtt-packet writes is what we read', () => {
  const c = new Chance(2)
  for (let i = 0; i < 3 * rounds; i++) {
    const { theirs: t, ours } = fromServer(c)
    assert.deepEqual(grouped(weRead(theyWrite(t))), grouped(ours))
  }
})

test('packets are the same however their bytes come', () => {
  const c = new Chance(3)
  for (let i = 0; i < 60; i++) {
    const sent = Array.from({ length: 4 }, () => fromServer(c))
    const stream = Buffer.concat(sent.map((s) => theyWrite(s.theirs)))
    const want = sent.map((s) => grouped(s.ours))
    for (let cut = 0; cut <= stream.length; cut++) {
      const d = new Decoder(1 << 20)
      const got = [...d.push(stream.subarray(0, cut)).packets, ...d.push(stream.subarray(cut)).packets]
      assert.deepEqual(got.map(grouped), want, `cut at ${cut}`)
    }
    const d = new Decoder(1 << 20)
    const got = [...stream].flatMap((b) => d.push(Uint8Array.of(b)).packets)
    assert.deepEqual(got.map(grouped), want, 'byte by byte')
  }
})

test('a packet keeps its bytes when the chunk it came in is used again', () => {
  const chunk = Buffer.from(theyWrite({ cmd: 'publish', topic: 't', payload: 'hello', qos: 0, retain: false, dup: false }))
  const p = weRead(chunk)
  chunk.fill(0)
  assert.equal(p.type === 'publish' && new TextDecoder().decode(p.payload), 'hello')
})

test('garbage ends in a fault and never in an exception', () => {
  const c = new Chance(4)
  let faults = 0
  for (let i = 0; i < 20_000; i++) {
    let bytes: Uint8Array
    if (c.flip()) bytes = c.bytes(60)
    else {
      bytes = Buffer.from(theyWrite(fromServer(c).theirs)) // a good packet, damaged
      for (let n = c.int(1, 3); n > 0; n--) bytes[c.int(0, bytes.length - 1)] = c.int(0, 255)
    }
    const d = new Decoder(4096)
    const cut = c.int(0, bytes.length)
    d.push(bytes.subarray(0, cut))
    const { fault } = d.push(bytes.subarray(cut))
    if (!fault) continue
    faults++
    assert.ok([0x81, 0x82, 0x94, 0x95].includes(fault))
    assert.deepEqual(d.push(theyWrite({ cmd: 'pingresp' })), { packets: [], fault }, 'it read on after a fault')
  }
  assert.ok(faults > 5_000, `only ${faults} faults`)
})

const hex = (s: string) => Uint8Array.from(Buffer.from(s.replaceAll(' ', ''), 'hex'))

for (const [what, bytes, code] of [
  ['a string that is not UTF-8', '30 05 0002 c328 00', 0x81],
  ['a string with U+0000', '30 05 0002 6100 00', 0x81],
  ['a topic longer than the packet', '30 04 00ff 6161', 0x81],
  ['properties longer than the packet', '30 04 0001 61 09', 0x81],
  ['a property that does not exist', '30 05 0001 61 01 7f', 0x81],
  ['a property twice', '20 09 00 00 06 21 0001 21 0001', 0x82],
  ['QoS 3', '36 04 0001 61 00', 0x81],
  ['QoS 2', '34 06 0001 61 0001 00', 0x82],
  ['dup at QoS 0', '38 04 0001 61 00', 0x81],
  ['packet id 0', '32 06 0001 61 0000 00', 0x81],
  ['no topic', '30 03 0000 00', 0x82],
  ['a topic with a wildcard', '30 04 0001 2b 00', 0x82],
  ['a topic alias', '30 06 0000 03 23 0001', 0x94],
  ['reserved flags', 'd1 00', 0x81],
  ['reserved CONNACK flags', '20 03 02 00 00', 0x81],
  ['a remaining length of five bytes', '30 80 80 80 80 01', 0x81],
  ['a remaining length that is padded', 'd0 80 00', 0x81],
  ['a PINGRESP with a body', 'd0 01 00', 0x81],
  ['a SUBACK without codes', '90 03 0001 00', 0x82],
  ['a CONNECT from a server', '10 00', 0x82],
  ['the type 0', '00 00', 0x82],
  ['a packet beyond the limit, at its header', '30 ff 7f', 0x95],
] as const) {
  test(`fault: ${what}`, () => {
    const { packets, fault } = new Decoder(1000).push(hex(bytes))
    assert.deepEqual(packets, [])
    assert.equal(fault, code)
  })
}

test('packets before a fault are not lost', () => {
  const { packets, fault } = new Decoder(1000).push(hex('d000 300400016100 d100'))
  assert.deepEqual(packets.map((p) => p.type), ['pingresp', 'publish'])
  assert.equal(fault, 0x81)
})

test('the limit is met to the byte', () => {
  const p = encodePublish({ topic: 't', payload: new Uint8Array(200), qos: 0, retain: false, dup: false, id: 0, properties: {} })
  assert.equal(new Decoder(p.length).push(p).packets.length, 1)
  assert.equal(new Decoder(p.length - 1).push(p).fault, 0x95)
})

test('what does not fit into MQTT is refused with a sentence', () => {
  const p = { payload: new Uint8Array(0), qos: 0, retain: false, dup: false, id: 0, properties: {} } as const
  assert.throws(() => encodePublish({ ...p, topic: 'a\0b' }), Unencodable)
  assert.throws(() => encodePublish({ ...p, topic: 'x'.repeat(65_536) }), /65536 bytes is too long/)
  assert.throws(() => encodeConnect({ clientId: 'c', cleanStart: true, keepalive: 60, name: 'a\0' }), Unencodable)
  assert.doesNotThrow(() => encodePublish({ ...p, topic: 'x'.repeat(65_535) }))
})
