import {
  type Clock,
  type CommandInvocation,
  type CommandOutput,
  formatAddress,
  type PluginCommand,
  parseAddress,
  UsageError,
} from 'mailwright'
import type { SrsAddresses } from './srs-address.ts'

/** Commands that rewrite an address, and read a rewritten one. */
export function srsCommands(open: () => Promise<SrsAddresses>, clock: Clock): readonly PluginCommand[] {
  return [
    {
      name: 'srs forward',
      summary: 'Shows the address that mail from a sender is forwarded with',
      arguments: [{ name: 'address', summary: 'The sender' }],
      async run(invocation) {
        const address = (await open()).forward(addressOf(invocation), clock.now())
        return address === undefined
          ? output('too-long', 'would be too long')
          : output('address', formatAddress(address))
      },
    },
    {
      name: 'srs reverse',
      summary: 'Shows the sender that a forwarding address was made of',
      arguments: [{ name: 'address', summary: 'The forwarding address' }],
      async run(invocation) {
        const found = (await open()).reverse(addressOf(invocation), clock.now()) ?? { kind: 'other' as const }
        if (found.kind === 'address') return output('address', formatAddress(found.address))
        return output(found.kind, found.kind === 'other' ? 'no forwarding address' : found.kind)
      },
    },
  ]
}

function addressOf({
  arguments: [text = ''],
}: CommandInvocation): NonNullable<ReturnType<typeof parseAddress>> {
  const address = parseAddress(text)
  if (address === undefined) throw new UsageError(`"${text}" is no address`)
  return address
}

function output(kind: string, text: string): CommandOutput {
  return {
    json: { kind, ...(kind === 'address' ? { address: text } : {}) },
    text,
    exitCode: kind === 'address' ? 0 : 1,
  }
}
