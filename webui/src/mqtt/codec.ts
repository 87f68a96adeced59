/**
 * MQTT 5 packets to and from bytes: the part of the standard that a page needs, QoS 0 and 1, without wills and AUTH. Section
 * numbers are those of MQTT 5.0. It knows no socket and no time.
 */

/** What may stand in the properties of a packet (§2.2.2.2). Which packet may carry which is for the sender to know. */
export interface Properties {
  payloadFormat?: number
  messageExpiry?: number // seconds
  contentType?: string
  responseTopic?: string
  correlation?: Uint8Array
  subscriptionId?: number[]
  sessionExpiry?: number // seconds
  assignedClientId?: string
  serverKeepAlive?: number // seconds
  authMethod?: string
  authData?: Uint8Array
  requestProblem?: number
  willDelay?: number // seconds
  requestResponse?: number
  responseInformation?: string
  serverReference?: string
  reason?: string
  receiveMaximum?: number
  topicAliasMaximum?: number
  topicAlias?: number
  maximumQoS?: number
  retainAvailable?: number
  user?: [string, string][]
  maximumPacketSize?: number // bytes
  wildcardAvailable?: number
  subscriptionIdAvailable?: number
  sharedAvailable?: number
}

export interface Connect {
  clientId: string
  cleanStart: boolean
  keepalive: number // seconds, 0 is none
  name?: string
  secret?: string | Uint8Array
  properties?: Properties
}

export interface Publish {
  type: 'publish'
  topic: string
  payload: Uint8Array
  qos: 0 | 1
  retain: boolean
  dup: boolean
  id: number // 0 at QoS 0
  properties: Properties
}

/** A packet that a server sends. */
export type Packet =
  | { type: 'connack'; sessionPresent: boolean; code: number; properties: Properties }
  | Publish
  | { type: 'puback'; id: number; code: number; properties: Properties }
  | { type: 'suback' | 'unsuback'; id: number; codes: number[]; properties: Properties }
  | { type: 'pingresp' }
  | { type: 'disconnect'; code: number; properties: Properties }

/** Why a stream of bytes cannot be read on: the code to say in DISCONNECT (§2.4). */
export type Fault = 0x81 | 0x82 | 0x94 | 0x95

/** A packet cannot be written, because a field of it does not fit into MQTT. */
export class Unencodable extends Error {
  override name = 'Unencodable'
}

type Kind = 'byte' | 'u16' | 'u32' | 'varint' | 'text' | 'bytes' | 'pairs'

const table: [number, keyof Properties, Kind][] = [
  [0x01, 'payloadFormat', 'byte'], [0x02, 'messageExpiry', 'u32'], [0x03, 'contentType', 'text'],
  [0x08, 'responseTopic', 'text'], [0x09, 'correlation', 'bytes'], [0x0b, 'subscriptionId', 'varint'],
  [0x11, 'sessionExpiry', 'u32'], [0x12, 'assignedClientId', 'text'], [0x13, 'serverKeepAlive', 'u16'],
  [0x15, 'authMethod', 'text'], [0x16, 'authData', 'bytes'], [0x17, 'requestProblem', 'byte'],
  [0x18, 'willDelay', 'u32'], [0x19, 'requestResponse', 'byte'], [0x1a, 'responseInformation', 'text'],
  [0x1c, 'serverReference', 'text'], [0x1f, 'reason', 'text'], [0x21, 'receiveMaximum', 'u16'],
  [0x22, 'topicAliasMaximum', 'u16'], [0x23, 'topicAlias', 'u16'], [0x24, 'maximumQoS', 'byte'],
  [0x25, 'retainAvailable', 'byte'], [0x26, 'user', 'pairs'], [0x27, 'maximumPacketSize', 'u32'],
  [0x28, 'wildcardAvailable', 'byte'], [0x29, 'subscriptionIdAvailable', 'byte'], [0x2a, 'sharedAvailable', 'byte'],
]
const byId = new Map(table.map((row) => [row[0], row]))

const maxVarint = 268_435_455 // §1.5.5

// ---- writing

const toUTF8 = new TextEncoder()

/** Bytes that grow. Strings and binary data get their length before them (§1.5.4, §1.5.6). */
class Writer {
  #buf = new Uint8Array(256)
  #n = 0

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#buf.subarray(0, this.#n)
  }

  byte(v: number): this {
    this.#grow(1)
    this.#buf[this.#n++] = v
    return this
  }

  raw(v: Uint8Array): this {
    this.#grow(v.length)
    this.#buf.set(v, this.#n)
    this.#n += v.length
    return this
  }

  /** Makes room for n more bytes. */
  #grow(n: number): void {
    if (this.#n + n <= this.#buf.length) return
    const more = new Uint8Array(Math.max(this.#n + n, 2 * this.#buf.length))
    more.set(this.#buf)
    this.#buf = more
  }

  u16(v: number): this {
    return this.byte(v >>> 8).byte(v)
  }

  u32(v: number): this {
    return this.u16(v >>> 16).u16(v & 0xffff)
  }

  varint(v: number): this {
    if (v > maxVarint) throw new Unencodable(`${v} bytes do not fit into a packet: MQTT takes up to ${maxVarint}`)
    for (; v > 127; v >>>= 7) this.byte((v & 127) | 128)
    return this.byte(v)
  }

  bytesOf(v: Uint8Array): this {
    if (v.length > 65_535) throw new Unencodable(`a field of ${v.length} bytes is too long: MQTT takes up to 65535`)
    return this.u16(v.length).raw(v)
  }

  text(v: string): this {
    if (v.includes('\0')) throw new Unencodable('MQTT takes no U+0000 in a name, topic or property') // [MQTT-1.5.4-2]
    return this.bytesOf(toUTF8.encode(v))
  }

  properties(p: Properties = {}): this {
    const w = new Writer()
    for (const [id, key, kind] of table) {
      const v = p[key]
      if (v === undefined) continue
      if (kind === 'pairs') for (const [k, t] of v as [string, string][]) w.byte(id).text(k).text(t)
      else if (kind === 'varint') for (const n of v as number[]) w.byte(id).varint(n)
      else if (kind === 'text') w.byte(id).text(v as string)
      else if (kind === 'bytes') w.byte(id).bytesOf(v as Uint8Array)
      else w.byte(id)[kind](v as number)
    }
    return this.varint(w.bytes.length).raw(w.bytes)
  }
}

/** Puts the fixed header (§2.1) before a body. */
function packet(first: number, body: Writer): Uint8Array<ArrayBuffer> {
  return new Writer().byte(first).varint(body.bytes.length).raw(body.bytes).bytes
}

/** CONNECT without a will (§3.1). */
export function encodeConnect(c: Connect): Uint8Array<ArrayBuffer> {
  const flags = (c.name === undefined ? 0 : 0x80) | (c.secret === undefined ? 0 : 0x40) | (c.cleanStart ? 2 : 0)
  const w = new Writer().text('MQTT').byte(5).byte(flags).u16(c.keepalive).properties(c.properties).text(c.clientId)
  if (c.name !== undefined) w.text(c.name)
  if (c.secret !== undefined) w.bytesOf(typeof c.secret === 'string' ? toUTF8.encode(c.secret) : c.secret)
  return packet(0x10, w)
}

/** PUBLISH (§3.3); id is written at QoS 1 only. */
export function encodePublish(p: Omit<Publish, 'type'>): Uint8Array<ArrayBuffer> {
  const w = new Writer().text(p.topic)
  if (p.qos > 0) w.u16(p.id)
  w.properties(p.properties).raw(p.payload)
  return packet(0x30 | (p.dup ? 8 : 0) | (p.qos << 1) | (p.retain ? 1 : 0), w)
}

/** PUBACK (§3.4). */
export function encodePuback(id: number, code = 0): Uint8Array<ArrayBuffer> {
  const w = new Writer().u16(id)
  if (code !== 0) w.byte(code).properties()
  return packet(0x40, w)
}

/** SUBSCRIBE (§3.8) of all filters at one QoS; retained messages come, and bear the retain flag only when they are old ones. */
export function encodeSubscribe(id: number, filters: string[], qos: 0 | 1): Uint8Array<ArrayBuffer> {
  const w = new Writer().u16(id).properties()
  for (const f of filters) w.text(f).byte(qos)
  return packet(0x82, w)
}

/** UNSUBSCRIBE (§3.10). */
export function encodeUnsubscribe(id: number, filters: string[]): Uint8Array<ArrayBuffer> {
  const w = new Writer().u16(id).properties()
  for (const f of filters) w.text(f)
  return packet(0xa2, w)
}

/** PINGREQ (§3.12). */
export function encodePingreq(): Uint8Array<ArrayBuffer> {
  return packet(0xc0, new Writer())
}

/** DISCONNECT (§3.14). */
export function encodeDisconnect(code = 0): Uint8Array<ArrayBuffer> {
  const w = new Writer()
  if (code !== 0) w.byte(code).properties()
  return packet(0xe0, w)
}

// ---- reading

/** Thrown and caught inside this file only. */
class Malformed extends Error {
  constructor(readonly fault: Fault) {
    super()
  }
}

const malformed = () => new Malformed(0x81)
const protocolError = () => new Malformed(0x82)

// ignoreBOM keeps U+FEFF, which is a character like others here [MQTT-1.5.4-3].
const fromUTF8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/** Reads one packet's body, never beyond its end. */
class Reader {
  #at = 0
  constructor(readonly buf: Uint8Array) {}

  get left(): number {
    return this.buf.length - this.#at
  }

  take(n: number): Uint8Array {
    if (n > this.left) throw malformed() // a field is longer than its packet
    return this.buf.subarray(this.#at, (this.#at += n))
  }

  rest(): Uint8Array {
    return this.take(this.left)
  }

  byte(): number {
    return this.take(1)[0]
  }

  u16(): number {
    return (this.byte() << 8) | this.byte()
  }

  u32(): number {
    return this.u16() * 65_536 + this.u16()
  }

  varint(): number {
    const { value, size } = readVarint(this.buf, this.#at)
    if (size === 0) throw malformed() // a number is cut off
    this.#at += size
    return value
  }

  text(): string {
    let s
    try {
      s = fromUTF8.decode(this.take(this.u16()))
    } catch (e) {
      throw e instanceof Malformed ? e : malformed() // a string is not UTF-8
    }
    if (s.includes('\0')) throw malformed() // a string holds U+0000
    return s
  }

  properties(): Properties {
    const r = new Reader(this.take(this.varint()))
    const p: Record<string, unknown> = {}
    while (r.left > 0) {
      const id = r.byte()
      const row = byId.get(id)
      if (!row) throw malformed() // there is no such property
      const [, key, kind] = row
      if (kind === 'pairs') ((p[key] ??= []) as unknown[]).push([r.text(), r.text()])
      else if (kind === 'varint') ((p[key] ??= []) as unknown[]).push(r.varint())
      else if (key in p) throw protocolError() // the property is there twice
      else p[key] = kind === 'bytes' ? r.take(r.u16()) : r[kind]()
    }
    return p
  }
}

/** A variable byte integer (§1.5.5); size 0 when its end has not come yet. */
function readVarint(buf: Uint8Array, at: number): { value: number; size: number } {
  let value = 0
  for (let i = 0; i < 4; i++) {
    if (at + i >= buf.length) return { value: 0, size: 0 }
    const b = buf[at + i]
    value += (b & 127) * 128 ** i
    if (b < 128) {
      if (b === 0 && i > 0) throw malformed() // a number has more bytes than it needs [MQTT-1.5.5-1]
      return { value, size: i + 1 }
    }
  }
  throw malformed() // a number has more than four bytes
}

function decodePublish(flags: number, r: Reader): Publish {
  const qos = (flags >> 1) & 3
  const dup = (flags & 8) !== 0
  if (qos === 3 || (qos === 0 && dup)) throw malformed() // the flags of a PUBLISH contradict each other [MQTT-3.3.1-4], [MQTT-3.3.1-2]
  if (qos === 2) throw protocolError() // a message came at QoS 2, which was not asked for
  const topic = r.text()
  const id = qos === 0 ? 0 : packetId(r)
  const properties = r.properties()
  if (properties.topicAlias !== undefined) throw new Malformed(0x94) // the topic alias maximum of this client is 0 [MQTT-3.1.2-26]
  if (topic === '' || /[+#]/.test(topic)) throw protocolError() // a message has no topic, or one with wildcards
  return { type: 'publish', topic, payload: r.rest(), qos: qos as 0 | 1, retain: (flags & 1) !== 0, dup, id, properties }
}

function packetId(r: Reader): number {
  const id = r.u16()
  if (id === 0) throw malformed() // a packet has the id 0 [MQTT-2.2.1-2]
  return id
}

/** The code and properties that end a PUBACK or DISCONNECT; what is left out is success without properties (§3.4.2, §3.14.2). */
function outcome(r: Reader): { code: number; properties: Properties } {
  return { code: r.left > 0 ? r.byte() : 0, properties: r.left > 0 ? r.properties() : {} }
}

function decode(first: number, body: Uint8Array): Packet {
  const r = new Reader(body)
  const type = first >> 4
  const flags = first & 15
  if (type === 3) return decodePublish(flags, r)
  if (flags !== 0) throw malformed() // flags that are reserved [MQTT-2.1.3-1]
  let p: Packet
  switch (type) {
    case 2: {
      const ack = r.byte()
      if (ack > 1) throw malformed() // a CONNACK has flags that are reserved
      p = { type: 'connack', sessionPresent: ack === 1, code: r.byte(), properties: r.properties() }
      break
    }
    case 4:
      p = { type: 'puback', id: packetId(r), ...outcome(r) }
      break
    case 9:
    case 11:
      p = { type: type === 9 ? 'suback' : 'unsuback', id: packetId(r), properties: r.properties(), codes: [...r.rest()] }
      if (p.codes.length === 0) throw protocolError() // a SUBACK or UNSUBACK answers nothing
      break
    case 13:
      p = { type: 'pingresp' }
      break
    case 14:
      p = { type: 'disconnect', ...outcome(r) }
      break
    default:
      throw protocolError() // a server sends no such packet
  }
  if (r.left > 0) throw malformed() // a packet is longer than its content
  return p
}

/** Cuts a stream into packets, however its bytes come. */
export class Decoder {
  #buf = new Uint8Array(0)
  #fault: Fault | undefined

  /** limit: the most bytes of a packet with its header. A longer one is a fault as soon as it announces itself. */
  constructor(readonly limit: number) {}

  /**
   * Takes the next bytes and tells which packets they complete. It never throws: the first fault comes beside the packets before
   * it, and nothing is read after it. Packets hold their own copy of the bytes.
   */
  push(chunk: Uint8Array): { packets: Packet[]; fault?: Fault } {
    const packets: Packet[] = []
    if (this.#fault) return { packets, fault: this.#fault }
    const buf = new Uint8Array(this.#buf.length + chunk.length)
    buf.set(this.#buf)
    buf.set(chunk, this.#buf.length)
    let at = 0
    try {
      while (at + 1 < buf.length) {
        const { value, size } = readVarint(buf, at + 1)
        const end = at + 1 + size + value
        if (size > 0 && end - at > this.limit) throw new Malformed(0x95)
        if (size === 0 || end > buf.length) break
        packets.push(decode(buf[at], buf.subarray(at + 1 + size, end)))
        at = end
      }
    } catch (e) {
      if (!(e instanceof Malformed)) throw e // a bug of this file
      this.#fault = e.fault
      return { packets, fault: e.fault }
    }
    this.#buf = buf.subarray(at)
    return { packets }
  }
}
