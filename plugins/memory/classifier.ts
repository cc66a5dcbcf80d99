import { createHash } from 'node:crypto'
import {
  type Account,
  type Classifier,
  classifier as classifierKey,
  definePlugin,
  type Message,
  type NoOptions,
  noOptions,
  type PluginFactory,
} from 'mailwright'
import { combinedProbability, WordCounts } from './word-counts.ts'
import { wordsOf } from './words.ts'

const shownEvidence = 10

/** A `classifier` by counted words (Bayes), for each account on its own, gone with the process. */
export function createMemoryClassifier(): Classifier {
  const counts = new Map<string | undefined, WordCounts>()
  const countsOf = (account: Account | undefined): WordCounts => {
    const found = counts.get(account?.id) ?? new WordCounts()
    counts.set(account?.id, found)
    return found
  }
  return {
    supports: { trains: true, perAccount: true, persistent: false },
    async classify(message, account) {
      const evidence = countsOf(account).evidence(await wordsOf(message))
      return {
        probability: combinedProbability(evidence),
        evidence: evidence
          .slice(0, shownEvidence)
          .map(({ word, probability }) => `${word} ${probability.toFixed(2)}`),
      }
    },
    async train(message, kind, account) {
      const [fingerprint, words] = [await fingerprintOf(message), await wordsOf(message)]
      countsOf(account).learn(fingerprint, words, kind)
    },
    async forget(message, account) {
      const [fingerprint, words] = [await fingerprintOf(message), await wordsOf(message)]
      countsOf(account).forget(fingerprint, words)
    },
    async statistics(account) {
      const { spam, ham } = countsOf(account)
      return { spam, ham }
    },
  }
}

/** Two messages with the same octets are the same message. */
async function fingerprintOf(message: Message): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of message.content.stream()) hash.update(chunk)
  return hash.digest('base64')
}

/** The plugin `memory-classifier`. */
export const memoryClassifier: PluginFactory<NoOptions> = definePlugin({
  name: 'memory-classifier',
  provides: [classifierKey],
  parseOptions: noOptions,
  setup({ provide }) {
    provide(classifierKey, createMemoryClassifier())
  },
})
