// How much this browser keeps for the page.
import { indexedDBFactory } from './platform.ts'

const database = 'tincan'
const prefix = 'tincan.'

/** Bytes of all that is stored, about; in IndexedDB it is counted as text, since browsers tell sizes only to secure pages. */
export async function storedBytes(): Promise<number> {
  const lasting = plain().reduce((n, [s, k]) => n + 2 * (k.length + (s.getItem(k)?.length ?? 0)), 0)
  return lasting + (await rows()).reduce((n, all) => n + JSON.stringify(all).length, 0)
}

/** The keys of this page in localStorage and sessionStorage. */
function plain(): [Storage, string][] {
  try {
    return [localStorage, sessionStorage].flatMap((s) => Object.keys(s).filter((k) => k.startsWith(prefix)).map((k): [Storage, string] => [s, k]))
  } catch {
    return [] // forbidden, so nothing is there
  }
}

/** The rows of every table of the database, if there is one. */
async function rows(): Promise<unknown[][]> {
  const factory = indexedDBFactory()
  if (!factory) return []
  try {
    const db = await done(factory.open(database))
    try {
      const tables = [...db.objectStoreNames]
      if (tables.length === 0) return []
      const tx = db.transaction(tables)
      return await Promise.all(tables.map((t) => done<unknown[]>(tx.objectStore(t).getAll())))
    } finally {
      db.close()
    }
  } catch {
    return []
  }
}

function done<T>(r: IDBRequest<T>): Promise<T> {
  return new Promise((ok, no) => {
    r.onsuccess = () => ok(r.result)
    r.onerror = () => no(r.error)
  })
}
