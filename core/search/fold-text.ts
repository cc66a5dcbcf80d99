// UAX #15 calls text "stream-safe" where no more than so many marks follow each other; a combining grapheme joiner
// parts longer runs, so that putting marks into their order takes bounded work and memory.
const longestRun = 30
const joiner = '\u034f'

// Marks, and the two signs that become marks in the compatibility forms. The joiner is what no mark moves across.
const mark = /[[\p{M}\uff9e\uff9f]--\u034f]/v
const longRun = /[[\p{M}\uff9e\uff9f]--\u034f]{31}/v
const fullRun = /([[\p{M}\uff9e\uff9f]--\u034f]{30})(?=[[\p{M}\uff9e\uff9f]--\u034f])/gv
const beyondLatin = /[^\x00-\xff]/

/**
 * Brings a text into the form in which texts are compared: without regard to case, to how accents are encoded, and to
 * compatibility forms such as full-width letters and ligatures; in the spirit of i;unicode-casemap (RFC 5051), with
 * full case mappings (`ß` equals `ss`) and marks in canonical order. Accents count, though `e` is found in `é`. A tab is
 * a space, as header fields are folded with either. The result is for comparing only. Takes linear time, whatever the
 * text.
 */
export function foldText(text: string): string {
  if (isAscii(text)) return foldCase(text)
  // In Latin-1 only ª and º become letters whose case matters. With case first both steps are many times as fast.
  if (!beyondLatin.test(text) && !text.includes('ª') && !text.includes('º'))
    return foldCase(text).normalize('NFKD')
  const safe = mayHaveLongRun(text) && longRun.test(text) ? text.replace(fullRun, `$1${joiner}`) : text
  return foldCase(safe.normalize('NFKD'))
}

/** Folds a text that comes in pieces: the answers joined are what `foldText` makes of the pieces joined. */
export class TextFolder {
  /** The end of what came, as marks may follow that belong to it: a character and its marks. */
  #held = ''

  /** What is certain of the text so far and was not answered before. */
  add(piece: string): string {
    const text = this.#held + piece
    if (isAscii(text)) {
      this.#held = ''
      return foldCase(text)
    }
    // Half a character may become a mark.
    const isHalf = (text.charCodeAt(text.length - 1) & 0xfc00) === 0xd800
    const end = isHalf ? text.length - 1 : text.length
    const run = startOfLastRun(text, end)
    const marks = [...text.slice(run, end)]
    if (marks.length <= longestRun) return this.#settle(text, characterBefore(text, run))
    // Whole groups of marks go, and the joiner before the group that is not whole yet.
    const settled = Math.floor((marks.length - 1) / longestRun) * longestRun
    return this.#settle(text, end - marks.slice(settled).join('').length) + joiner
  }

  #settle(text: string, end: number): string {
    this.#held = text.slice(end)
    return foldText(text.slice(0, end))
  }

  /** The rest of the text. What is added then is another text. */
  end(): string {
    const rest = foldText(this.#held)
    this.#held = ''
    return rest
  }
}

/** Upper case, as only there all forms of sigma are one; the capital sharp s has none of its own. */
function foldCase(text: string): string {
  const upper = (text.includes('ẞ') ? text.replaceAll('ẞ', 'ß') : text).toUpperCase()
  return upper.includes('\t') ? upper.replaceAll('\t', ' ') : upper
}

function isAscii(text: string): boolean {
  return Buffer.byteLength(text) === text.length
}

/** Where the marks that stand before a position begin. */
function startOfLastRun(text: string, end: number): number {
  let start = end
  while (start > 0) {
    const before = characterBefore(text, start)
    if (text.charCodeAt(before) < 0x300 || !mark.test(text.slice(before, start))) break
    start = before
  }
  return start
}

/** Where the character before a position begins; 0 where there is none. */
function characterBefore(text: string, at: number): number {
  if (at <= 1) return 0
  const isPair =
    (text.charCodeAt(at - 1) & 0xfc00) === 0xdc00 && (text.charCodeAt(at - 2) & 0xfc00) === 0xd800
  return isPair ? at - 2 : at - 1
}

/** Whether more than 30 units follow each other that may be marks. Quicker than to ask of each whether it is one. */
function mayHaveLongRun(text: string): boolean {
  let run = 0
  for (let at = 0; at < text.length; at += 1) {
    const unit = text.charCodeAt(at)
    // There are no marks before U+0300, and none among the ideographs and the syllables of Hangul.
    if (unit < 0x300 || (unit >= 0x3400 && unit <= 0x9fff) || (unit >= 0xac00 && unit <= 0xd7a3)) run = 0
    else run += 1
    if (run > longestRun) return true
  }
  return false
}
