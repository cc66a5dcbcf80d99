type Sight = 'seen' | 'blank' | 'unseen'

/**
 * A text in one line: runs of white space and control characters are one space each, at the ends none. Characters that
 * are not seen go with them, as newsletters fill the beginning of a text with both; within a word they stay. Not read
 * much beyond `length` characters (UTF-16 units) of what it answers.
 */
export function foldWhiteSpace(text: string, length: number): string {
  let folded = ''
  let word = 0
  let at = 0
  while (at < text.length && folded.length <= length) {
    const start = at
    let isBlank = false
    for (; at < text.length; at += 1) {
      const sight = sightOf(text.charCodeAt(at))
      if (sight === 'seen') break
      isBlank ||= sight === 'blank'
    }
    if (isBlank) {
      folded += text.slice(word, start)
      if (folded !== '') folded += ' '
      word = at
    }
    while (at < text.length && isSeen(text.charCodeAt(at))) at += 1
  }
  return (folded + text.slice(word, at)).trimEnd()
}

function isSeen(code: number): boolean {
  return (code > 0x20 && code < 0x7f) || sightOf(code) === 'seen'
}

function sightOf(code: number): Sight {
  if (code <= 0x20) return 'blank'
  if (code < 0x7f) return 'seen'
  if (code <= 0xa0) return 'blank'
  switch (code) {
    case 0xad:
    case 0x34f:
    case 0x2060:
      return 'unseen'
    case 0x1680:
    case 0x2028:
    case 0x2029:
    case 0x202f:
    case 0x205f:
    case 0x3000:
    case 0xfeff:
      return 'blank'
    default:
      if (code < 0x2000 || code > 0x200f) return 'seen'
      return code <= 0x200a ? 'blank' : 'unseen'
  }
}
