import { Icon } from './icon.tsx'

/** Why the server said no. It is read out when it comes. */
export function No({ text }: { text: string }) {
  return <p class="care__no" role="alert">{text !== '' && <><Icon name="warn" /><bdi>{text}</bdi></>}</p>
}
