import type { Family } from './family.ts'

/** What step 5 of REFERENCES needs to know of the messages, in the order of the mailbox. */
export interface ThreadSubjects {
  /** Numbers of base subjects; undefined where that is empty. */
  readonly numberOf: (message: number) => number | undefined
  readonly isReplyOrForward: (message: number) => boolean
}

/** Step 5 of REFERENCES (RFC 5256 §3): gathers the threads that have the same base subject. */
export async function mergeSubjects(family: Family, subjects: ThreadSubjects): Promise<void> {
  const { nodes, firstOf } = await family.roots()
  const merging = new Merging(family, subjects, firstOf)
  await family.visit(nodes, (root) => merging.enter(root))
  await family.visit(nodes, (root) => merging.merge(root))
  await merging.end()
}

class Merging {
  readonly #family: Family
  readonly #subjects: ThreadSubjects
  readonly #firstOf: ReadonlyMap<number, number>
  /** The subject table: for each subject the root that stands for it. */
  readonly #table = new Map<number, number>()
  /** Dummies whose children become those of another. */
  readonly #emptied = new Map<number, number>()

  constructor(family: Family, subjects: ThreadSubjects, firstOf: ReadonlyMap<number, number>) {
    this.#family = family
    this.#subjects = subjects
    this.#firstOf = firstOf
  }

  /** Step 5.B. */
  enter(root: number): void {
    const subject = this.#subjectOf(root)
    if (subject === undefined) return
    const entered = this.#table.get(subject)
    if (entered === undefined || (!this.#family.isDummy(entered) && this.#isBetter(root, entered)))
      this.#table.set(subject, root)
  }

  /** Step 5.C. Where the root is a dummy the one in the table is a dummy too, as those are preferred. */
  merge(root: number): void {
    const subject = this.#subjectOf(root)
    const entered = subject === undefined ? undefined : this.#table.get(subject)
    if (subject === undefined || entered === undefined || entered === root) return
    const { parents } = this.#family
    if (this.#family.isDummy(root)) this.#emptied.set(root, entered)
    else if (this.#family.isDummy(entered) || (this.#isReply(root) && !this.#isReply(entered)))
      parents[root] = entered
    else {
      const dummy = this.#family.addDummy()
      parents[root] = dummy
      parents[entered] = dummy
      this.#table.set(subject, dummy)
    }
  }

  async end(): Promise<void> {
    if (this.#emptied.size === 0) return
    const { parents } = this.#family
    await this.#family.each((message) => {
      const heir = this.#emptied.get(parents[message] ?? 0)
      if (heir !== undefined) parents[message] = heir
    })
  }

  #isBetter(root: number, entered: number): boolean {
    return this.#family.isDummy(root) || (this.#isReply(entered) && !this.#isReply(root))
  }

  #isReply(message: number): boolean {
    return this.#subjects.isReplyOrForward(message)
  }

  #subjectOf(root: number): number | undefined {
    return this.#subjects.numberOf(this.#firstOf.get(root) ?? root)
  }
}
