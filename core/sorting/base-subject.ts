/** A subject without what replies, forwards and lists have put around it (RFC 5256 §2.1). */
export interface BaseSubject {
  readonly text: string
  /** Whether something was removed that says that the message is a reply or a forward (RFC 5256 §3). */
  readonly isReplyOrForward: boolean
}

const whiteSpace = /[ \t\r\n]+/g

/**
 * Extracts the base subject of a subject that is decoded and unfolded (RFC 5256 §2.1). What is written in capitals stays
 * so. Takes linear time, whatever the subject is.
 */
export function baseSubject(subject: string): BaseSubject {
  return new Extraction(subject.replace(whiteSpace, ' ')).run()
}

/** The steps of RFC 5256 §2.1, on a part of the subject that gets smaller from both ends. */
class Extraction {
  readonly #text: string
  #start = 0
  #end: number
  #isReplyOrForward = false

  constructor(text: string) {
    this.#text = text
    this.#end = text.length
  }

  run(): BaseSubject {
    do {
      this.#removeTrailers()
      this.#removeLeaders()
    } while (this.#removeForward())
    return { text: this.#text.slice(this.#start, this.#end), isReplyOrForward: this.#isReplyOrForward }
  }

  /** Step 2. */
  #removeTrailers(): void {
    while (this.#end > this.#start) {
      if (this.#text[this.#end - 1] === ' ') this.#end -= 1
      else if (this.#end - 5 >= this.#start && this.#has('(fwd)', this.#end - 5)) {
        this.#end -= 5
        this.#isReplyOrForward = true
      } else return
    }
  }

  /**
   * Steps 3 to 5. Blobs that follow each other are looked at once: either `re:` or the like stands behind the last, and
   * they all belong to it, or behind none of them.
   */
  #removeLeaders(): void {
    for (;;) {
      if (this.#start < this.#end && this.#text[this.#start] === ' ') this.#start += 1
      let lastBlob = this.#start
      let at = this.#start
      for (let end = this.#endOfBlob(at); end !== undefined; end = this.#endOfBlob(at)) {
        lastBlob = at
        at = end
      }
      const behind = this.#endOfReply(at)
      if (behind === undefined) {
        // The last blob is the subject where there is nothing else.
        this.#start = at < this.#end ? at : lastBlob
        return
      }
      this.#start = behind
      this.#isReplyOrForward = true
    }
  }

  /** Step 6; answers whether there was something to remove. */
  #removeForward(): boolean {
    const isForward =
      this.#end - this.#start >= 6 && this.#has('[fwd:', this.#start) && this.#text[this.#end - 1] === ']'
    if (!isForward) return false
    this.#start += 5
    this.#end -= 1
    this.#isReplyOrForward = true
    return true
  }

  /** `subj-blob`, and a space behind it. */
  #endOfBlob(start: number): number | undefined {
    if (start >= this.#end || this.#text[start] !== '[') return undefined
    for (let at = start + 1; at < this.#end; at += 1) {
      const character = this.#text[at]
      if (character === '[') return undefined
      if (character === ']') return this.#skipSpace(at + 1)
    }
    return undefined
  }

  /** `subj-refwd` */
  #endOfReply(start: number): number | undefined {
    const word = ['re', 'fwd', 'fw'].find((each) => this.#has(each, start))
    if (word === undefined) return undefined
    const at = this.#skipSpace(start + word.length)
    const colon = this.#endOfBlob(at) ?? at
    return colon < this.#end && this.#text[colon] === ':' ? colon + 1 : undefined
  }

  #skipSpace(at: number): number {
    return at < this.#end && this.#text[at] === ' ' ? at + 1 : at
  }

  /** Whether a word, given in lower case, stands at a place. */
  #has(word: string, at: number): boolean {
    const end = at + word.length
    return end <= this.#end && this.#text.slice(at, end).toLowerCase() === word
  }
}
