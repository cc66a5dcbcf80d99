/** How the history is kept. */
export interface HistoryOptions {
  /** Days after which entries are removed: 30. */
  retentionDays?: number
}
