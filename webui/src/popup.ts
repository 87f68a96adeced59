// Notifications of the system, which browsers allow to secure pages only.

/** Whether nobody on the way can read along, and the browser allows what it keeps for such pages. */
export function secure(): boolean {
  return isSecureContext
}

/** Whether this page may raise notifications of the system; none: this browser has none for it, as on http. */
export function popUps(): NotificationPermission | 'none' {
  return isSecureContext && 'Notification' in window ? Notification.permission : 'none'
}

/** Raises a notification of the system in place of the last one with this tag; the answer takes it down. A click brings the page to the front. */
export function popUp(title: string, body: string, tag: string, clicked: () => void): () => void {
  if (popUps() !== 'granted') return () => {}
  try {
    const n = new Notification(title, { body, tag })
    n.onclick = () => {
      focus()
      clicked()
      n.close()
    }
    return () => n.close()
  } catch {
    return () => {} // Chrome on Android raises them only out of a service worker
  }
}

/** Asks the person for leave to raise notifications; only out of a click. */
export async function askForPopUps(): Promise<NotificationPermission | 'none'> {
  return popUps() === 'none' ? 'none' : Notification.requestPermission()
}
