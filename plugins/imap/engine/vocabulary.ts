import { ConfigError } from 'mailwright'
import type { ImapCommand, ImapExtension, ImapVocabulary, ImapVocabularyName } from 'mailwright/imap'

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

/** The words of all extensions. What a later one says of a word holds. ConfigError where one is not in capitals, or a command is none. */
export function vocabularyOf(extensions: readonly ImapExtension[]): ImapVocabulary {
  const vocabulary = Object.fromEntries(names.map((name) => [name, new Map<string, unknown>()]))
  for (const extension of extensions)
    for (const name of names)
      for (const [word, meaning] of Object.entries(extension[name] ?? {})) {
        if (word !== word.toUpperCase())
          throw new ConfigError(`${extension.name}.${name}`, `"${word}" must be in capitals`)
        if (name === 'commands') requireCommand(`${extension.name}.commands.${word}`, meaning)
        vocabulary[name]?.set(word, meaning)
      }
  return vocabulary as unknown as ImapVocabulary
}

/** Plugins may be plain JavaScript. */
function requireCommand(path: string, command: Partial<ImapCommand> | undefined): void {
  if (!Array.isArray(command?.states)) throw new ConfigError(path, 'must list its `states`')
  if (typeof command.run !== 'function') throw new ConfigError(path, 'must have a `run`')
}
