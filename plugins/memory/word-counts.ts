export type Kind = 'spam' | 'ham'

interface WordCount {
  spam: number
  ham: number
}

/** How much a word speaks for spam: 0 to 1, 0.5 for "nothing". */
export interface WordScore {
  readonly word: string
  readonly probability: number
}

// Robinson's smoothing: a word never seen counts as one sighting of "cannot say".
const assumedStrength = 1
const assumedProbability = 0.5
// Words nearer to the middle than this say nothing.
const leastDeviation = 0.1
const mostEvidence = 150

/** How often each word was seen in learned messages of either kind. */
export class WordCounts {
  readonly #words = new Map<string, WordCount>()
  readonly #learned = new Map<string, Kind>()
  spam = 0
  ham = 0

  /** Learns a message under its fingerprint; as another kind than before, the first is taken back. */
  learn(fingerprint: string, words: ReadonlySet<string>, kind: Kind): void {
    if (this.#learned.get(fingerprint) === kind) return
    this.forget(fingerprint, words)
    this.#learned.set(fingerprint, kind)
    this.#count(words, kind, 1)
  }

  /** Takes back what was learned under a fingerprint, if anything. */
  forget(fingerprint: string, words: ReadonlySet<string>): void {
    const kind = this.#learned.get(fingerprint)
    if (kind === undefined) return
    this.#learned.delete(fingerprint)
    this.#count(words, kind, -1)
  }

  #count(words: ReadonlySet<string>, kind: Kind, step: 1 | -1): void {
    this[kind] += step
    for (const word of words) {
      const count = this.#words.get(word) ?? { spam: 0, ham: 0 }
      count[kind] += step
      if (count.spam + count.ham === 0) this.#words.delete(word)
      else this.#words.set(word, count)
    }
  }

  /** The words that say most, the clearest first. */
  evidence(words: ReadonlySet<string>): readonly WordScore[] {
    return [...words]
      .map((word) => ({ word, probability: this.#probability(word) }))
      .filter(({ probability }) => Math.abs(probability - 0.5) >= leastDeviation)
      .sort(
        (a, b) => Math.abs(b.probability - 0.5) - Math.abs(a.probability - 0.5) || (a.word < b.word ? -1 : 1),
      )
      .slice(0, mostEvidence)
  }

  #probability(word: string): number {
    const count = this.#words.get(word)
    if (count === undefined) return assumedProbability
    const spamShare = count.spam / Math.max(1, this.spam)
    const hamShare = count.ham / Math.max(1, this.ham)
    const sightings = count.spam + count.ham
    const observed = spamShare / (spamShare + hamShare)
    return (assumedStrength * assumedProbability + sightings * observed) / (assumedStrength + sightings)
  }
}

/**
 * Fisher's method, as Robinson applies it to words: how unlikely the words would be in ham, against how unlikely they
 * would be in spam. 0.5 without evidence, and where both are equally unlikely.
 */
export function combinedProbability(evidence: readonly WordScore[]): number {
  if (evidence.length === 0) return 0.5
  const sum = (part: (probability: number) => number): number =>
    evidence.reduce((total, { probability }) => total + Math.log(part(probability)), 0)
  const spamminess = 1 - chiSquareTail(-2 * sum((probability) => 1 - probability), evidence.length)
  const hamminess = 1 - chiSquareTail(-2 * sum((probability) => probability), evidence.length)
  return (1 + spamminess - hamminess) / 2
}

/** The chance of a chi-square of at least this with twice so many degrees of freedom. */
function chiSquareTail(chiSquare: number, halfFreedom: number): number {
  const half = chiSquare / 2
  let term = Math.exp(-half)
  let sum = term
  for (let step = 1; step < halfFreedom; step++) {
    term *= half / step
    sum += term
  }
  return Math.min(1, sum)
}
