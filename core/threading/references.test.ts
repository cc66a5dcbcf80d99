import { describe, expect, it } from 'vitest'
import { MessageFacts } from '../facts/message-facts.ts'
import { baseSubject } from '../sorting/base-subject.ts'
import { SummarisedMailbox } from '../testing/summarised-mailbox.ts'
import { threadMessages } from './thread-messages.ts'

// REFERENCES once more, as RFC 5256 §3 tells it, with trees that are changed step by step.

interface Message {
  readonly id: string
  readonly references: readonly string[]
  readonly subject: string
  /** A day of January. */
  readonly day: number
}

class TreeNode {
  readonly uid: number
  readonly message: Message | undefined
  parent: TreeNode | undefined
  children: TreeNode[] = []

  constructor(uid: number, message?: Message) {
    this.uid = uid
    this.message = message
  }

  get isDummy(): boolean {
    return this.message === undefined
  }

  /** Itself, or the first child of a dummy, for sorting and for the thread's subject. */
  get first(): TreeNode {
    return this.isDummy ? (this.children.toSorted(bySentDate)[0] ?? this) : this
  }

  isBelow(other: TreeNode): boolean {
    return this === other || (this.parent?.isBelow(other) ?? false)
  }

  moveTo(parent: TreeNode | undefined): void {
    if (this.parent !== undefined) this.parent.children = this.parent.children.filter((each) => each !== this)
    this.parent = parent
    parent?.children.push(this)
  }
}

function bySentDate(a: TreeNode, b: TreeNode): number {
  const [one, other] = [a.first, b.first]
  return (one.message?.day ?? 0) - (other.message?.day ?? 0) || one.uid - other.uid
}

function byTheBook(messages: readonly Message[]): string {
  const nodes = new Map<string, TreeNode>()
  const own = messages.map((message, index) => {
    const node = new TreeNode(index + 1, message)
    if (message.id !== '' && !nodes.has(message.id)) nodes.set(message.id, node)
    return node
  })
  for (const [index, { references }] of messages.entries())
    linkReferences(own[index] as TreeNode, references, nodes)
  const root = new TreeNode(0)
  for (const node of [...nodes.values(), ...own]) if (node.parent === undefined) node.moveTo(root)
  prune(root, true)
  mergeSubjects(root)
  return written(root, 0)
}

/** Step 1. */
function linkReferences(node: TreeNode, references: readonly string[], nodes: Map<string, TreeNode>): void {
  let previous: TreeNode | undefined
  for (const id of references) {
    const next = nodes.get(id) ?? new TreeNode(0)
    nodes.set(id, next)
    if (previous !== undefined && next.parent === undefined && !previous.isBelow(next)) next.moveTo(previous)
    previous = next
  }
  node.moveTo(undefined)
  if (previous !== undefined && !previous.isBelow(node)) node.moveTo(previous)
}

/** Step 3. */
function prune(node: TreeNode, isRoot: boolean): void {
  for (const child of node.children) prune(child, false)
  for (const child of [...node.children]) {
    if (!child.isDummy || (isRoot && child.children.length > 1)) continue
    for (const each of [...child.children]) each.moveTo(node)
    child.moveTo(undefined)
  }
}

/** Steps 4 and 5. */
function mergeSubjects(root: TreeNode): void {
  const subjectOf = (node: TreeNode): string =>
    baseSubject(node.first.message?.subject ?? '').text.toUpperCase()
  const isReply = (node: TreeNode): boolean => baseSubject(node.message?.subject ?? '').isReplyOrForward
  const table = new Map<string, TreeNode>()
  const threads = root.children.toSorted(bySentDate)
  for (const node of threads) {
    const known = table.get(subjectOf(node))
    const isBetter =
      known !== undefined && !known.isDummy && (node.isDummy || (isReply(known) && !isReply(node)))
    if (subjectOf(node) !== '' && (known === undefined || isBetter)) table.set(subjectOf(node), node)
  }
  for (const node of threads) {
    const subject = subjectOf(node)
    const known = table.get(subject)
    if (known === undefined || known === node) continue
    if (known.isDummy && node.isDummy) {
      for (const child of [...node.children]) child.moveTo(known)
      node.moveTo(undefined)
    } else if (known.isDummy || (isReply(node) && !isReply(known))) node.moveTo(known)
    else {
      const dummy = new TreeNode(0)
      dummy.moveTo(root)
      node.moveTo(dummy)
      known.moveTo(dummy)
      table.set(subject, dummy)
    }
  }
}

/** Step 6. */
function written(node: TreeNode, depth: number): string {
  const children = node.children.toSorted(bySentDate)
  return children.map((child) => `${depth}:${child.uid} ${written(child, depth + 1)}`).join('')
}

let state = 1
function below(end: number): number {
  state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
  return (state >>> 8) % end
}

function randomMessages(): readonly Message[] {
  const ids = 3 + below(12)
  return Array.from({ length: 1 + below(14) }, () => ({
    id: below(10) === 0 ? '' : `m${below(ids)}`,
    references: Array.from({ length: below(5) }, () => `m${below(ids + 3)}`),
    subject: `${['', 'Re: ', 'Fwd: '][below(3)]}${['', 'a', 'b', 'A', 'c'][below(5)]}`,
    day: 1 + below(9),
  }))
}

describe('THREAD=REFERENCES', () => {
  it('is what the RFC tells, for any messages', async () => {
    for (let round = 0; round < 500; round += 1) {
      const messages = randomMessages()
      const mailbox = new SummarisedMailbox(
        messages.map(({ id, references, subject, day }) => [
          ...(id === '' ? [] : [`Message-ID: <${id}@x>`]),
          `References: ${references.map((each) => `<${each}@x>`).join(' ')}`,
          `Subject: ${subject}`,
          `Date: ${day} Jan 2026 00:00 +0000`,
        ]),
      )
      const facts = new MessageFacts({ bytes: 2 ** 20 }).of('ann', mailbox)
      const { uids, depths } = await threadMessages(facts, 'references', mailbox.uids)
      const ours = Array.from(uids, (uid, index) => `${depths[index]}:${uid} `).join('')
      const book = byTheBook(messages)
      if (ours !== book) expect([messages, ours]).toEqual([messages, book])
    }
  })
})
