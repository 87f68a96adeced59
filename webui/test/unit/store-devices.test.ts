import assert from 'node:assert/strict'
import { test } from 'node:test'
import { interval, isOld, lastAt } from '../../src/store/age.ts'
import { type Device, iconOf, type Point } from '../../src/store/devices.ts'
import { told } from '../../src/store/states.ts'
import { aboutOf, beyond, type Gauge, reading, unitOf } from '../../src/store/gauge.ts'
import { range, spark, trend } from '../../src/store/spark.ts'

/** A device that published these, one after the other. */
function device(...said: [path: string, value: unknown, at?: number, kept?: boolean][]): Device {
  let all = new Map<string, Device>() as ReadonlyMap<string, Device>
  for (const [path, value, at = 1000, kept = false] of said) all = told(all, 'esp', path, value, at, kept)
  return all.get('esp')!
}

const gauges = (d: Device) => {
  const r = reading(d)
  return r.is === 'gauges' ? r.of.map((g) => `${g.label}=${g.value}${g.unit}`) : r
}

test('numbers with units, those of objects, text, or as it came', () => {
  assert.deepEqual(gauges(device(['temp', 21.4])), ['temp=21.4°C'])
  assert.deepEqual(gauges(device(['', 21.5])), ['=21.5'])
  assert.deepEqual(gauges(device(['', { power: 47, energy: 0.06, on: true }])), ['power=47W', 'energy=0.06kWh', 'on=true'])
  assert.deepEqual(gauges(device(['SENSOR', { Time: '10:00', ENERGY: { Power: 47, Voltage: 229 } }])), ['Power=47W', 'Voltage=229V'])
  assert.deepEqual(reading(device(['', 'closed'])), { is: 'text', label: '', text: 'closed' })
  assert.deepEqual(reading(device(['', { mode: 'night', next: ['18:30'] }])), { is: 'raw', text: JSON.stringify({ mode: 'night', next: ['18:30'] }, null, 1) })
  assert.equal(reading(device(['', [1, 2]])).is, 'raw')
  assert.deepEqual(reading(device(['$about', { title: 'Pump' }])), { is: 'nothing' })
})

test('units are guessed from keys, and only from those', () => {
  const known = { temperature: '°C', humidity: '%', soil_moisture: '%', pressure: 'hPa', power: 'W', energy: 'kWh', voltage: 'V', current: 'A', battery: '%', rssi: 'dBm', co2: 'ppm', lux: 'lx' }
  for (const [key, unit] of Object.entries(known)) assert.equal(unitOf(key), unit, key)
  for (const key of ['count', 'layer', 'name', 'lamp', '']) assert.equal(unitOf(key), '', key)
})

test('what a value says of itself wins over the guess, and $about over both', () => {
  const d = device(['soil', { value: 28, unit: 'pct', low: 30, high: 'x' }], ['$about', { title: 'Beds', icon: 'door', values: { soil: { unit: '%', max: 100, label: 'Soil' } }, commands: [{ label: 'Water', payload: { pump: 'on' } }, { label: 'Off', confirm: true }, { payload: 'x' }, 7] }])
  const [g] = (reading(d) as { of: Gauge[] }).of
  assert.deepEqual(g, { id: 'soil#', label: 'Soil', value: 28, unit: '%', low: 30, max: 100 })
  assert.equal(beyond(g), 'low')
  assert.equal(beyond({ ...g, low: 28 }), null)
  assert.equal(beyond({ ...g, low: undefined, high: 20 } as Gauge), 'high')
  assert.equal(iconOf(d), 'door')
  const a = aboutOf(d)
  assert.equal(a.title, 'Beds')
  assert.deepEqual(a.orders, [{ label: 'Water', payload: '{"pump":"on"}', confirm: false }, { label: 'Off', payload: 'Off', confirm: true }])
  for (const nonsense of [null, 'x', 7, [], { title: 7, values: 'x', commands: {} }]) assert.deepEqual(aboutOf(device(['$about', nonsense])), { title: '', values: {}, orders: [] })
})

test('a value told again does not look younger, and an empty payload deletes', () => {
  const all = told(new Map(), 'esp', 'temp', 21.4, 1000, false)
  assert.equal(told(all, 'esp', 'temp', 21.4, 9000, true), all)
  assert.equal(lastAt(told(all, 'esp', 'temp', 22, 9000, true).get('esp')!), 1000) // retained: nobody knows how old
  assert.equal(told(all, 'esp', 'temp', undefined, 9000, false).has('esp'), false)
})

test('old is what is silent three times as long as usual, and never before ten seconds', () => {
  const minutes = device(...[0, 1, 2, 3].map((i): [string, unknown, number] => ['', i, i * 60_000]))
  assert.equal(interval(minutes), 60_000)
  assert.equal(isOld(minutes, 3 * 60_000 + 180_000), false)
  assert.equal(isOld(minutes, 3 * 60_000 + 180_001), true)
  const fast = device(...[0, 1, 2, 3].map((i): [string, unknown, number] => ['', i, i * 100]))
  assert.equal(isOld(fast, 300 + 9000), false)
  assert.equal(isOld(fast, 300 + 10_001), true)
  assert.equal(isOld(device(['', 1], ['', 2]), 1e9), false) // it has not said enough to be late
})

test('a trail holds an hour, its newest minutes whole, and stays bounded', () => {
  const d = device(...Array.from({ length: 8000 }, (_, i): [string, unknown, number] => ['', i, i * 1000]))
  const trail = d.trails.get('#')!
  assert.ok(trail.length <= 240, `${trail.length}`)
  assert.ok(trail.at(-1)!.at - trail[0].at > 50 * 60_000 && trail.at(-1)!.at - trail[0].at <= 3600_000)
  assert.equal(trail.at(-1)!.value, 7999)
  assert.ok(device(['', Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, i]))]).trails.size <= 8)
})

const trail = (...values: number[]): Point[] => values.map((value, i) => ({ at: i * 1000, value }))
const gauge = (unit: string, more: Partial<Gauge> = {}): Gauge => ({ id: '#', label: '', value: 0, unit, ...more })

test('a sparkline needs two points, draws no mountain out of noise, and begins levels at zero', () => {
  assert.equal(spark(trail(1), gauge('V')), null)
  const ys = (line: string) => line.slice(1).split('L').map((p) => Number(p.split(' ')[1]))
  const [a, b] = ys(spark(trail(21, 21.1), gauge('°C'))!.line)
  assert.ok(Math.abs(a - b) < 3)
  assert.deepEqual(range(trail(40, 47), gauge('W')), { low: 0, high: 47 })
  assert.deepEqual(range(trail(40, 47), gauge('%', { min: 0, max: 100 })), { low: 0, high: 100 })
  assert.equal(spark(trail(40, 47), gauge('%', { min: 0, max: 100, low: 25, high: 200 }))!.limits.length, 1)
  assert.equal(spark(trail(0, 1, 0), gauge('', { value: true }))!.line, 'M0.0 32.0H50.0V4.0H100.0V32.0')
  for (const [values, unit] of [[[42, 35, 28], '%'], [[5, 5], ''], [[-70, -71], 'dBm']] as const) assert.doesNotMatch(spark(trail(...values), gauge(unit))!.line, /NaN|Infinity/)
})

test('where it goes is said in a word', () => {
  assert.equal(trend(trail(42, 35, 28), gauge('%')), 'falling')
  assert.equal(trend(trail(28, 50, 42), gauge('%')), 'rising')
  assert.equal(trend(trail(21, 25, 21.1), gauge('°C')), 'steady')
})
