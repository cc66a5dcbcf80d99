import type { Metadata } from 'mailwright'
import type { ImapArguments, ImapCall, ImapResult, ImapSession } from 'mailwright/imap'
import { ok } from '../../engine/result.ts'
import { chosenAnnotations, type Depth, type EntryName, eachOnce, readEntryOrRoot } from './entries.ts'
import { mailboxAnnotations, serverAnnotations, useEntry, useOf } from './kept.ts'
import { metadataResponse } from './response.ts'

/** GETMETADATA as it was read. */
interface Request {
  readonly mailbox: string
  readonly entries: readonly EntryName[]
  readonly maxSize: number
  readonly depth: Depth
}

interface Options {
  maxSize: number
  depth: Depth
}

/** GETMETADATA (RFC 5464 §4.2). */
export async function getMetadata({ args, session }: ImapCall): Promise<ImapResult> {
  const { mailbox, entries, maxSize, depth } = readRequest(args)
  const all = await annotationsOf(session, mailbox, entries, depth)
  const chosen = chosenAnnotations(all, entries, depth)
  const sizes = chosen.map(({ value }) => value?.length ?? 0)
  const told = chosen.filter((_, index) => (sizes[index] ?? 0) <= maxSize)
  if (told.length > 0) session.out.untagged(metadataResponse(session.out, mailbox, told))
  const longest = Math.max(...sizes)
  return ok('That is all', longest > maxSize ? `METADATA LONGENTRIES ${longest}` : undefined)
}

function readRequest(args: ImapArguments): Request {
  const options: Options = { maxSize: Number.POSITIVE_INFINITY, depth: 0 }
  args.space()
  if (args.sees('(')) {
    readOptions(args, options)
    args.space()
  }
  const mailbox = args.mailbox()
  args.space()
  // The syntax has options before the mailbox, examples have them behind it (RFC 5464 §5, §4.2.1).
  if (args.sees('(MAXSIZE') || args.sees('(DEPTH')) {
    readOptions(args, options)
    args.space()
  }
  const readOne = (): EntryName => readEntryOrRoot(args)
  const written = args.sees('(') ? args.list(readOne, 1) : [readOne()]
  args.end()
  const entries = eachOnce(written) ?? args.fail('Too many entries')
  return { mailbox, entries, ...options }
}

function readOptions(args: ImapArguments, options: Options): void {
  args.list(() => {
    const name = args.word()
    args.space()
    if (name === 'MAXSIZE') options.maxSize = args.number()
    else if (name === 'DEPTH') options.depth = readDepth(args)
    else args.fail(`The option ${name} is unknown`)
  }, 1)
}

function readDepth(args: ImapArguments): Depth {
  const depths: Readonly<Record<string, Depth>> = { 0: 0, 1: 1, INFINITY: Number.POSITIVE_INFINITY }
  return depths[args.word()] ?? args.fail('DEPTH is 0, 1 or infinity')
}

async function annotationsOf(
  session: ImapSession,
  mailbox: string,
  entries: readonly EntryName[],
  depth: Depth,
): Promise<Metadata> {
  if (mailbox === '') return serverAnnotations(session)
  const asksForUse = entries.some(({ name }) => (depth === 0 ? name === useEntry : useEntry.startsWith(name)))
  return mailboxAnnotations(session, mailbox, asksForUse ? await useOf(session, mailbox) : undefined)
}
