// Questions by HTTP, which bring the passphrase of the door where there is one.

let door = ''

/** From now on questions bring this passphrase; empty: none. */
export function openDoor(passphrase: string): void {
  door = passphrase
}

/** The passphrase of the door, as far as this page knows it. */
export function doorWord(): string {
  return door
}

/** fetch, with the passphrase. */
export function knock(url: string, init?: RequestInit): Promise<Response> {
  return fetch(url, { ...init, headers: { ...init?.headers, ...(door !== '' && { 'Tincan-Door': encodeURIComponent(door) }) } })
}
