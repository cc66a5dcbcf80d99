import { MailwrightError } from '../../errors.ts'
import { formatAddress } from '../../model/address.ts'
import { formatReply } from '../../model/reply.ts'
import { type Queue, type QueueItem, queue } from '../../services/queue.ts'
import { withHost } from '../context.ts'
import { table } from '../output.ts'
import type { Action, CoreCommand } from '../program.ts'

function itemJson(item: QueueItem): Record<string, unknown> {
  return {
    ...item,
    reversePath: item.reversePath === null ? '' : formatAddress(item.reversePath),
    recipients: item.recipients.map(({ address, lastReply }) => ({
      address: formatAddress(address),
      lastReply: lastReply === undefined ? undefined : formatReply(lastReply),
    })),
  }
}

function itemRow(item: QueueItem): readonly string[] {
  const sender = item.reversePath === null ? '<>' : formatAddress(item.reversePath)
  const recipients = item.recipients.map(({ address }) => formatAddress(address)).join(', ')
  return [item.id, item.state, item.arrivedAt.toISOString(), String(item.size), sender, recipients]
}

function change(done: string, run: (service: Queue, id: string) => Promise<unknown>): Action {
  return (context, [id = '']) =>
    withHost(context, async (host) => {
      await run(host.service(queue), id)
      return { json: { id, [done]: true }, text: `${done} ${id}` }
    })
}

export const queueCommands: readonly CoreCommand[] = [
  {
    usage: 'queue list',
    summary: 'list what waits, oldest first',
    action: (context) =>
      withHost(context, async (host) => {
        const items = await host.service(queue).list()
        const headings = ['id', 'state', 'arrived', 'octets', 'sender', 'recipients']
        const text = items.length === 0 ? 'the queue is empty' : table(headings, items.map(itemRow))
        return { json: items.map(itemJson), text }
      }),
  },
  {
    usage: 'queue show <id>',
    summary: 'show one message of the queue',
    action: (context, [id = '']) =>
      withHost(context, async (host) => {
        const item = await host.service(queue).show(id)
        if (item === undefined) throw new MailwrightError('MAIL_E_NOT_FOUND', `no message ${id} is queued`)
        const rows = item.recipients.map(({ address, lastReply }) => [
          formatAddress(address),
          lastReply === undefined ? '' : formatReply(lastReply),
        ])
        return {
          json: itemJson(item),
          text: `${itemRow(item).join('  ')}\n${table(['recipient', 'last reply'], rows)}`,
        }
      }),
  },
  {
    usage: 'queue flush [id]',
    summary: 'try one message now, or all',
    action: (context, [id]) =>
      withHost(context, async (host) => {
        await host.service(queue).flush(id === undefined ? {} : { id })
        return { json: { id, flushed: true }, text: `flushed ${id ?? 'the queue'}` }
      }),
  },
  {
    usage: 'queue hold <id>',
    summary: 'keep a message from being tried',
    action: change('held', (service, id) => service.hold({ id })),
  },
  {
    usage: 'queue release <id>',
    summary: 'let a held message be tried again',
    action: change('released', (service, id) => service.release({ id })),
  },
  {
    usage: 'queue delete <id>',
    summary: 'remove a message without telling its sender',
    action: change('deleted', (service, id) => service.remove({ id })),
  },
]
