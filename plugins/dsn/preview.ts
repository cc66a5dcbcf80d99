import { formatAddress, type PluginCommand, readAll, UsageError } from 'mailwright'
import { lookUp } from './languages.ts'
import { createNotification } from './notification.ts'
import type { NotificationSurroundings } from './notifications.ts'
import type { DsnOptions } from './options.ts'
import { type SampleKind, sampleReport, sampleSender } from './sample-report.ts'
import { Writer } from './writer.ts'

const kinds: readonly SampleKind[] = ['failed', 'delayed', 'delivered', 'relayed', 'expanded', 'lost']

/** Shows a notification as it would be sent, without sending it. */
export function previewCommand(options: DsnOptions, surroundings: NotificationSurroundings): PluginCommand {
  return {
    name: 'dsn preview',
    summary: 'show what a notification to a sender looks like',
    options: [
      { flags: '--language <tag>', summary: `in this language: ${[...options.texts.keys()].join(', ')}` },
      { flags: '--kind <kind>', summary: `${kinds.join(', ')}: failed` },
    ],
    async run({ options: { language, kind: wanted = 'failed' } }) {
      const kind = kinds.find((each) => each === wanted)
      if (kind === undefined) throw new UsageError(`--kind is one of ${kinds.join(', ')}`)
      const tag = typeof language === 'string' ? lookUp(options.texts, language) : undefined
      if (language !== undefined && tag === undefined)
        throw new UsageError(`--language is one of ${[...options.texts.keys()].join(', ')}`)
      const report = await sampleReport(kind, surroundings.clock.now())
      const { recipients } = report
      const telling = {
        to: sampleSender,
        kind: kind === 'expanded' ? 'delivered' : kind,
        recipients,
        whole: kind === 'failed' || kind === 'lost',
      } as const
      const draft = await new Writer(options, surroundings).draft(report, telling, tag)
      const message = await readAll((await createNotification(draft)).content)
      const { subject, text, status, from } = draft
      const head = `From: ${from.name} <${formatAddress(from.address)}>\nSubject: ${subject}`
      const json = { kind, language: draft.language, subject, text, message: message.toString() }
      return { json, text: `${head}\n\n${text}\n${status.text.replaceAll('\r\n', '\n').trimEnd()}` }
    },
  }
}
