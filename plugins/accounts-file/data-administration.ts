import { type AccountsDirectory, DirectoryAdministration } from 'mailwright/accounts'
import type { DataContents } from './data-contents.ts'
import { Rewriting, type RewritingSettings } from './rewriting.ts'

/** Changes of a file of data, by the rules of every directory. */
export function dataAdministration<Contents extends DataContents>(
  settings: RewritingSettings<Contents>,
): DirectoryAdministration {
  const rewriting = new Rewriting(settings)
  const { source, format, clock, passwords } = settings
  return new DirectoryAdministration({
    supports: format.supports,
    clock,
    hash: (...given) => passwords.hash(...given),
    scramKeys: (...given) => passwords.scramKeys(...given),
    cramMd5: passwords.cramMd5,
    read: async () => (await source.current()).directory,
    async change<T>(edit: (directory: AccountsDirectory) => T): Promise<T> {
      const results: T[] = []
      await rewriting.change((contents) => {
        const directory = contents.copy()
        results.push(edit(directory))
        return contents.write(directory)
      })
      const [result] = results
      return result as T
    },
  })
}
