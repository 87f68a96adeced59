// What this browser keeps of files that are on their way. It has a database of its own: files may be large, and are nothing that the
// rest of the page has to wait for.
import type { Held } from './uploads.ts'

export interface FileBox {
  /** Keeps the file of a message; tells whether that was possible. */
  put(id: string, held: Held, at: number): Promise<boolean>
  get(id: string): Promise<Held | undefined>
  drop(ids: readonly string[]): Promise<void>
  /** The ids of what is kept, with when it was put there. */
  all(): Promise<[id: string, at: number][]>
}

/** A copy of a larger file would cost more time and space than choosing it again. */
const mostKept = 512 * 1024 ** 2 // bytes

export const database = 'tincan.files'
const table = 'files'
const piece = 16 * 1024 // bytes

/** Opens it; what cannot be kept is in memory only. */
export function fileBox(factory: IDBFactory | undefined): FileBox {
  let db: Promise<IDBDatabase> | null = null
  const open = () => db ??= new Promise<IDBDatabase>((ok, no) => {
    if (!factory) return no(new Error('no database'))
    const r = factory.open(database, 1)
    r.onupgradeneeded = () => void r.result.createObjectStore(table, { keyPath: 'key' })
    r.onsuccess = () => {
      r.result.onversionchange = r.result.onclose = () => { // deleted by the person, or by the browser
        r.result.close()
        db = null
      }
      ok(r.result)
    }
    r.onerror = r.onblocked = () => no(r.error)
  }).catch((e: unknown) => {
    db = null
    throw e
  })
  const inside = async <T>(mode: IDBTransactionMode, work: (s: IDBObjectStore) => IDBRequest<T> | null): Promise<T | undefined> => {
    const tx = (await open()).transaction(table, mode)
    return new Promise((ok, no) => {
      const r = work(tx.objectStore(table))
      tx.oncomplete = () => ok(r?.result)
      tx.onabort = tx.onerror = () => no(tx.error)
    })
  }
  return {
    put: async (id, { file, small }, at) => {
      if (file.size > mostKept) return false
      return inside('readwrite', (s) => s.put({ key: id, at, file, small })).then(() => true, () => false)
    },
    get: async (id) => {
      const row = (await inside<unknown>('readonly', (s) => s.get(id)).catch(() => undefined)) as { file?: unknown, small?: unknown } | undefined
      return row?.file instanceof Blob ? { file: row.file, small: row.small instanceof Blob ? row.small : null } : undefined
    },
    drop: async (ids) => {
      await inside('readwrite', (s) => {
        for (const id of ids) s.delete(id)
        return null
      }).catch(() => {})
    },
    all: async () => {
      const out: [string, number][] = []
      await inside('readonly', (s) => {
        const r = s.openCursor()
        r.onsuccess = () => {
          const c = r.result
          if (!c) return
          const { key, at } = c.value as { key: string, at: number }
          out.push([key, at])
          c.continue()
        }
        return null
      }).catch(() => {})
      return out
    },
  }
}

/** By which a file is known again: its size, and a sum of pieces of it. */
export async function printOf(file: Pick<Blob, 'size' | 'slice'>): Promise<string> {
  let sum = 0x811c9dc5 // FNV-1a
  for (const from of [0, Math.floor(file.size / 2), Math.max(0, file.size - piece)]) {
    for (const b of new Uint8Array(await file.slice(from, from + piece).arrayBuffer())) sum = Math.imul(sum ^ b, 0x01000193) >>> 0
  }
  return `${file.size} ${sum.toString(36)}`
}
