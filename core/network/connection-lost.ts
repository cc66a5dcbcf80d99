/** The client is gone, or was sent away: whatever was being done for it ends. */
export class ConnectionLost extends Error {
  constructor(options: ErrorOptions = {}) {
    super('the connection is lost', options)
    this.name = 'ConnectionLost'
  }
}
