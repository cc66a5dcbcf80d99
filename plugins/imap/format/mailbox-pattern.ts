const [STAR, PERCENT, SLASH] = [42, 37, 47]
const inbox = 'INBOX'

/**
 * Whether a mailbox's name, with `/` between levels, matches a pattern of LIST (RFC 9051 §6.3.9): `*` stands for anything,
 * `%` for anything within a level. INBOX is compared without regard to case. Takes no more steps than the lengths of both
 * multiplied, and nearly always no more than their sum.
 */
export function matchesPattern(name: string, pattern: string): boolean {
  // The first level may be INBOX; its letters are then compared as capitals.
  const capitals = name.startsWith(inbox) && (name.length === 5 || name.charCodeAt(5) === SLASH) ? 5 : 0
  let at = 0
  let next = 0
  // Behind the last `*` and the last `%` that came after it, and how far what they stand for goes.
  let afterStar = -1
  let starEnd = 0
  let afterPercent = -1
  let percentEnd = 0
  while (at < name.length) {
    const sign = pattern.charCodeAt(next)
    if (sign === STAR) {
      next += 1
      afterStar = next
      starEnd = at
      afterPercent = -1
    } else if (sign === PERCENT) {
      next += 1
      afterPercent = next
      percentEnd = at
    } else if (sign === name.charCodeAt(at) || (at < capitals && capital(sign) === name.charCodeAt(at))) {
      at += 1
      next += 1
    } else if (afterPercent !== -1 && name.charCodeAt(percentEnd) !== SLASH) {
      percentEnd += 1
      at = percentEnd
      next = afterPercent
    } else if (afterStar !== -1) {
      starEnd += 1
      at = starEnd
      next = afterStar
      afterPercent = -1
    } else return false
  }
  while (pattern.charCodeAt(next) === STAR || pattern.charCodeAt(next) === PERCENT) next += 1
  return next === pattern.length
}

function capital(code: number): number {
  return code >= 97 && code <= 122 ? code - 32 : code
}
