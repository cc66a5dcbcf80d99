import type { Message } from 'mailwright'

// What is beyond this in a message says little more and costs time.
const longestText = 200_000
const word = /[\p{L}\p{N}$€£!'_-]{3,40}/gu
// Taking a message apart costs memory in proportion to it.
const largestParsed = 512 * 1024

/**
 * The words of a message, each once, in lower case: subject, sender and text. Those of the header are marked, for
 * `casino` in a subject is not `casino` in a text.
 */
export async function wordsOf(message: Message): Promise<ReadonlySet<string>> {
  const words = new Set<string>()
  for (const field of ['subject', 'from']) {
    for (const found of matches(message.header.text(field) ?? '')) words.add(`${field}:${found}`)
  }
  for (const found of matches(await textOf(message))) words.add(found)
  return words
}

/** The text that a reader would see; the bare octets where it is too large or too broken to be taken apart. */
async function textOf(message: Message): Promise<string> {
  try {
    const { text, html } = await message.parsed(largestParsed)
    return text || (html || '').replaceAll(/<[^>]{0,1000}>/g, ' ')
  } catch {
    return (await message.content.read(0, longestText)).toString('utf8')
  }
}

function matches(text: string): readonly string[] {
  return text.slice(0, longestText).toLowerCase().match(word) ?? []
}
