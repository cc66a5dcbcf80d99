import type { PluginCommand } from 'mailwright'
import type { KeyStore } from './key-store.ts'

/** `mailwright certificates list`: what would be served now. */
export function listCommand(open: () => KeyStore): PluginCommand {
  return {
    name: 'certificates list',
    summary: 'the certificates that are served, the default first: names, end, issuer, source',
    async run() {
      const store = open()
      await store.load()
      await store.stop()
      const rows = store.pairs.map(({ names, validTo, issuer, source }) => ({
        names,
        validTo: validTo.toISOString(),
        issuer,
        source,
      }))
      const text = rows.map(({ names, validTo, issuer, source }) =>
        [names.join(' '), `  valid until ${validTo}`, `  issued by ${issuer}`, `  from ${source}`].join('\n'),
      )
      return { json: rows, text: text.join('\n') }
    },
  }
}
