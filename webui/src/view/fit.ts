import { adopt } from '../platform.ts'

const least = 100 // pixels: less than that is a bar of the browser

/**
 * Keeps the page in what is seen of it. Safari lays the keyboard of a phone over the page, and moves the page up behind it; others make the
 * window smaller. Who has zoomed in moves the page by hand.
 */
export function fit(): void {
  const seen = visualViewport
  if (!seen) return
  const sheet = adopt('')
  const put = () => {
    const covered = document.documentElement.clientHeight - seen.height
    sheet.replaceSync(covered > least && Math.abs(seen.scale - 1) < 0.01 ? `.app { block-size: ${seen.height}px; inset-block-start: ${seen.pageTop}px }` : '')
  }
  for (const what of ['resize', 'scroll']) seen.addEventListener(what, put)
  put()
}
