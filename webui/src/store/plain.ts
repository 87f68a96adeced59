// The shelf of a browser that has or lends no IndexedDB.
import type { Store } from './memory.ts'
import { isKept, type Kept, most, type Shelf, type Table, tables, type Trouble } from './shelf.ts'

/** A shelf in localStorage or the like. The messages of rooms are too much for it. */
export function plainShelf(store: Store): Shelf {
  let tell = (_: Trouble | null) => {}
  const read = (table: Table): Kept[] => {
    try {
      const v: unknown = JSON.parse(store.getItem(`tincan.${table}`) ?? '[]')
      return Array.isArray(v) ? v.filter(isKept) : []
    } catch {
      return []
    }
  }
  const write = (table: Table, rows: readonly Kept[]) => {
    if (table === 'logs') return
    try {
      const newest = [...rows].sort((a, b) => a.at - b.at).slice(-Math.min(most[table], rows.length))
      if (newest.length === 0) store.removeItem(`tincan.${table}`)
      else store.setItem(`tincan.${table}`, JSON.stringify(newest))
      tell(null)
    } catch {
      tell('full')
    }
  }
  const put = (table: Table, rows: readonly Kept[]) => {
    if (rows.length > 0) write(table, [...read(table).filter((o) => !rows.some((r) => r.key === o.key)), ...rows])
  }
  return {
    keeps: store.passing ? 'nothing' : 'little',
    get: async (table, key) => read(table).find((r) => r.key === key),
    all: async (table) => read(table),
    put: async (table, rows) => put(table, rows),
    drop: async (table, keys) => write(table, read(table).filter((r) => !keys.includes(r.key))),
    change: async (table, f) => {
      const rows = f(read(table))
      put(table, rows)
      return rows
    },
    clear: async () => tables.forEach((t) => store.removeItem(`tincan.${t}`)),
    onTrouble: (f) => { tell = f },
  }
}
