import { bufferContent, createMessage } from 'mailwright'
import { classifierContract } from 'mailwright/testing'
import { describe, expect, it } from 'vitest'
import { createMemoryClassifier } from './classifier.ts'
import { combinedProbability } from './word-counts.ts'
import { wordsOf } from './words.ts'

classifierContract({
  name: 'memory-classifier',
  create: async () => ({ classifier: createMemoryClassifier() }),
})

describe('combinedProbability', () => {
  const words = (...probabilities: readonly number[]) =>
    probabilities.map((probability) => ({ word: 'x', probability }))

  it('is "cannot say" without evidence and for evidence that contradicts itself', () => {
    expect(combinedProbability([])).toBe(0.5)
    expect(combinedProbability(words(0.1, 0.9))).toBeCloseTo(0.5)
  })

  it('grows surer with each word that agrees', () => {
    expect(combinedProbability(words(0.9, 0.9))).toBeGreaterThan(combinedProbability(words(0.9)))
    expect(combinedProbability(words(...Array(150).fill(0.99)))).toBeCloseTo(1)
    expect(combinedProbability(words(...Array(150).fill(0.01)))).toBeCloseTo(0)
  })
})

describe('wordsOf', () => {
  const words = async (text: string) => [
    ...(await wordsOf(await createMessage(bufferContent(Buffer.from(text))))),
  ]

  it('marks words of the header, decodes the text and takes each once', async () => {
    const head = 'Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nContent-Transfer-Encoding: base64\r\n\r\n'
    expect(await words(`${head}${Buffer.from('Casino CASINO at').toString('base64')}\r\n`)).toEqual([
      'subject:grüße',
      'casino',
    ])
  })

  it('reads what HTML shows', async () => {
    expect(await words('Content-Type: text/html\r\n\r\n<p class="x">cheap <b>pills</b></p>\r\n')).toEqual([
      'cheap',
      'pills',
    ])
  })
})
