import { join } from 'node:path'
import type { GreylistingInput } from 'mailwright/plugins/greylisting'
import type { QueueInput } from 'mailwright/plugins/queue'
import type { SmtpOutInput } from 'mailwright/plugins/smtp-out'
import type { TransportsInput } from 'mailwright/plugins/transports'
import { type Ran, runCommand } from '../command-line.ts'
import type { Keys } from '../mail-server.ts'
import { temporaryProject } from '../project.ts'
import { startServer } from '../server-process.ts'
import { maildirMessages } from '../stores/maildir-messages.ts'

/**
 * Mailwright in a process of its own, with what a server has that sends and receives. anna@, ben@, grey@ and jö@ have
 * mailboxes in here.example, clear.here.example and plain.here.example; anna@here.example is the postmaster.
 */
export interface SendingSite extends AsyncDisposable {
  /** Of a listener whose messages may have ten megabytes, for who sends by us. */
  readonly port: number
  /** The messages of a mailbox: one character an octet. */
  mailbox(address: string): Promise<readonly string[]>
  /** A command of `mailwright`. */
  run(...words: readonly string[]): Promise<Ran>
}

export interface SendingSiteOptions {
  /** Of the listener for other servers, whose messages may have two megabytes. The system chooses where absent. */
  readonly transferPort?: number
  readonly transports?: TransportsInput['map']
  readonly lmtp?: TransportsInput['lmtp']
  /** Whom it asks for names, `127.0.0.1:5353`; those of the machine where absent. */
  readonly servers?: readonly string[]
  readonly smtpOut?: SmtpOutInput
  /** Its retries come after a second or two where nothing is said. */
  readonly queue?: QueueInput
  readonly greylisting?: GreylistingInput
  /** For mail.here.example. */
  readonly keys?: Keys
  /** Whom smtp-out and transports trust, PEM. */
  readonly authority?: string
}

/** Starts it. */
export async function startSendingSite(options: SendingSiteOptions): Promise<SendingSite> {
  const project = await temporaryProject()
  const files = {
    key: await project.write('key.pem', options.keys?.key ?? ''),
    chain: await project.write('chain.pem', options.keys?.pem ?? ''),
    authority: await project.write('authority.pem', options.authority ?? ''),
  }
  await project.write('mailwright.config.ts', configText(options, files))
  const server = await startServer(project.folder)
  return {
    port: server.port('clients'),
    async mailbox(address) {
      const [user = '', domain = ''] = address.split('@')
      // As the plugin maildir names folders.
      const folder = encodeURIComponent(user).toLowerCase()
      return maildirMessages(join(project.folder, 'data/mail', domain, folder, 'Maildir'))
    },
    run: (...words) => runCommand(project.folder, words),
    async [Symbol.asyncDispose]() {
      await server.stop()
      await project[Symbol.asyncDispose]()
    },
  }
}

interface Files {
  readonly key: string
  readonly chain: string
  readonly authority: string
}

function configText(options: SendingSiteOptions, { key, chain, authority }: Files): string {
  const domains = ['here.example', 'clear.here.example', 'plain.here.example']
  const accounts = domains.flatMap((domain) =>
    ['anna', 'ben', 'grey', 'jö'].map((user) => ({ address: `${user}@${domain}` })),
  )
  const { smtpOut, greylisting, servers, transferPort = 0 } = options
  const queue = { firstRetry: '1s', longestRetry: '2s', ...options.queue }
  const certificates = options.keys === undefined ? {} : { files: [{ key, chain }] }
  const trusted = options.authority === undefined ? {} : { authorities: authority }
  const sending = { ...smtpOut, ...trusted }
  const transports = { map: options.transports, lmtp: { ...options.lmtp, ...trusted } }
  return `import { defineConfig } from 'mailwright'
import certificates from 'mailwright/plugins/certificates'
import database from 'mailwright/plugins/database'
import dsn from 'mailwright/plugins/dsn'
import greylisting from 'mailwright/plugins/greylisting'
import localDelivery from 'mailwright/plugins/local-delivery'
import maildir from 'mailwright/plugins/maildir'
import { memoryAccounts } from 'mailwright/plugins/memory'
import queue from 'mailwright/plugins/queue'
import relay from 'mailwright/plugins/relay'
import smtp from 'mailwright/plugins/smtp'
import smtpOut from 'mailwright/plugins/smtp-out'
import transports from 'mailwright/plugins/transports'

export default defineConfig({
  hostname: 'mail.here.example',
  dataDir: 'data',
  resolver: ${JSON.stringify(servers === undefined ? {} : { servers })},
  plugins: [
    database(),
    memoryAccounts(${JSON.stringify({ accounts })}),
    maildir(),
    certificates(${JSON.stringify(certificates)}),
    localDelivery({ postmaster: 'anna@here.example' }),
    transports(${JSON.stringify(transports)}),
    relay({ networks: ['127.0.0.1'] }),
    ${greylisting === undefined ? '' : `greylisting(${JSON.stringify(greylisting)}),`}
    smtpOut(${JSON.stringify(sending)}),
    dsn(),
    queue(${JSON.stringify(queue)}),
    smtp({ port: ${transferPort}, maxSize: '2M' }, { as: 'transfer' }),
    smtp({ port: 0, maxSize: '10M' }, { as: 'clients' }),
  ],
})
`
}
