import { ConfigError } from 'mailwright'
import type { ImapExtension, ImapVocabulary, ImapVocabularyName } from 'mailwright/imap'

const names: readonly ImapVocabularyName[] = [
  'enables',
  'commands',
  'fetchItems',
  'fetchModifiers',
  'storeModifiers',
  'searchKeys',
  'searchReturns',
  'statusItems',
  'selectParameters',
  'listSelections',
  'listReturns',
  'createParameters',
  'appendData',
]

/** The words of all extensions. What a later one says of a word holds. ConfigError where one is not in capitals. */
export function vocabularyOf(extensions: readonly ImapExtension[]): ImapVocabulary {
  const vocabulary = Object.fromEntries(names.map((name) => [name, new Map<string, unknown>()]))
  for (const extension of extensions)
    for (const name of names)
      for (const [word, meaning] of Object.entries(extension[name] ?? {})) {
        if (word !== word.toUpperCase())
          throw new ConfigError(`${extension.name}.${name}`, `"${word}" must be in capitals`)
        vocabulary[name]?.set(word, meaning)
      }
  return vocabulary as unknown as ImapVocabulary
}
