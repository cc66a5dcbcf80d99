import {
  bufferContent,
  createMessage,
  formatAddress,
  type StatusNotifications,
  type StatusReport,
} from 'mailwright'

/** Tells senders, and remembers what of. */
export interface Reporter extends StatusNotifications {
  /** `failed jo@example.org`, in their order. */
  readonly told: string[]
  readonly reports: StatusReport[]
  /** Octets of the notifications from now on. */
  size: number
  /** Thrown instead of making one, while it is there. */
  fault: Error | undefined
}

/** Makes one. Whoever sends from the null reverse-path is told nothing. */
export function reporter(): Reporter {
  return {
    told: [],
    reports: [],
    size: 0,
    fault: undefined,
    async compose(report) {
      if (this.fault !== undefined) throw this.fault
      this.reports.push(report)
      for (const { action, recipient } of report.recipients)
        this.told.push(`${action} ${formatAddress(recipient)}`)
      if (report.reversePath === null) return []
      const lines = report.recipients.map(({ action, recipient }) => `${action} ${formatAddress(recipient)}`)
      const text = `Subject: report about ${report.id}\r\n\r\n${lines.join('\r\n')}\r\n`
      const octets = Buffer.from(text.padEnd(this.size, 'x'))
      return [{ to: report.reversePath, message: await createMessage(bufferContent(octets)) }]
    },
  }
}

/** What such a notification tells; nothing where a text is none. */
export function toldBy(text: string): readonly string[] {
  if (!text.startsWith('Subject: report about ')) return []
  return [...text.matchAll(/^(?:failed|delayed|delivered|relayed|expanded) \S+(?=\r$)/gm)].map(
    ([line]) => line,
  )
}
