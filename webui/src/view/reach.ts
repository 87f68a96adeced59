import { signal } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { addresses, askInvitation, isLoopback } from '../store/invite.ts'
import { knock } from '../store/knock.ts'

/** The address that others come by, as far as it is known: a link to this computer alone, as whoever runs tincan sees it, leads nobody else here. */
export const reach = signal(location.origin)

/** Learns the address that others come by, where the one of this page is none. */
export function useReach(): string {
  useEffect(() => {
    if (isLoopback(new URL(reach.peek()).hostname)) void askInvitation(knock).then((i) => { reach.value = addresses(location.origin, i?.addresses ?? [])[0] ?? location.origin })
  }, [])
  return reach.value
}
