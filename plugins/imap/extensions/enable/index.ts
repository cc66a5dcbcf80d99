import type { ImapCommand, ImapExtension } from 'mailwright/imap'
import { ok } from '../../engine/result.ts'

const enable: ImapCommand = {
  // RFC 5161 §3.1: clients must not, but servers need not check that no mailbox is selected.
  states: ['authenticated', 'selected'],
  async run({ args, session }) {
    const names = new Set<string>()
    do {
      args.space()
      names.add(args.atom().toUpperCase())
    } while (!args.atEnd)
    const { enables } = session.server.vocabulary
    // What is unknown, or no extension to be enabled, is passed over.
    for (const name of names) enables.get(name)?.(session)
    const spellings = session.capabilities()
    const enabled = [...names].filter((name) => enables.has(name) && session.enabled.has(name))
    const told = enabled.map((name) => spellings.find((spelling) => spelling.toUpperCase() === name) ?? name)
    session.out.untagged(['ENABLED', ...told].join(' '))
    return ok('Enabled')
  },
}

/** ENABLE (RFC 9051 §6.3.1, RFC 5161), and IMAP4rev2 as the first that can be enabled (RFC 9051 Appendix A). */
export const enabling: ImapExtension = {
  name: 'enable',
  // Also before login, as others have it: there are clients that ask for capabilities but once.
  capabilities: () => ['ENABLE'],
  commands: { ENABLE: enable },
  enables: { IMAP4REV2: ({ enabled }) => void enabled.add('IMAP4REV2') },
}
