import type { FlagChange } from 'mailwright'
import { changeKept, type KeptFlags } from '../index/flags.ts'

/** What a change makes of a message's flags. */
interface Outcome extends KeptFlags {
  readonly haveKeywordsChanged: boolean
}

/**
 * What one change makes of the flags of many messages, among which few combinations occur. Messages have hundreds of
 * keywords, and mostly share the list of them: then nothing but the list itself is looked at.
 */
export class ChangedFlags {
  readonly #change: FlagChange
  readonly #byList = new Map<readonly string[], Map<string, Outcome>>()
  readonly #byText = new Map<string, Outcome>()

  constructor(change: FlagChange) {
    this.#change = change
  }

  of(letters: string, keywords: readonly string[]): Outcome {
    const byLetters = this.#byList.get(keywords) ?? new Map<string, Outcome>()
    this.#byList.set(keywords, byLetters)
    const known = byLetters.get(letters)
    if (known !== undefined) return known
    const text = keywords.join(' ')
    const key = `${letters} ${text}`
    const outcome = this.#byText.get(key) ?? this.#outcome(letters, keywords, text)
    byLetters.set(letters, outcome)
    this.#byText.set(key, outcome)
    return outcome
  }

  #outcome(letters: string, keywords: readonly string[], text: string): Outcome {
    const after = changeKept({ letters, keywords }, this.#change)
    const haveKeywordsChanged = after.keywords.join(' ') !== text
    return {
      letters: after.letters,
      keywords: haveKeywordsChanged ? after.keywords : keywords,
      haveKeywordsChanged,
    }
  }
}
