/** What `sendmail --help` prints. */
export const helpText = `Usage: mailwright sendmail [options] [--] [recipient...]

Takes a message from standard input and queues it, also while the server is down. Options are those of sendmail(1):
  -t             recipients are in To, Cc and Bcc, too; Bcc is taken out
  -i, -oi        a line with a dot alone does not end the message
  -f ADDRESS     the sender (reverse-path); "" or "<>" for none. -r is the same
  -F NAME        the sender's name, for a From field that is missing
  -N WORDS       never, or success, failure, delay: what the sender wants to be told
  -R hdrs|full   how much of the message is told
  -V ID          an envelope id for that
  -B 7BIT|8BITMIME
  -bs            speak SMTP on standard input and output
  -bp            list the queue; also as "mailq"
  -q, -qI ID, -qR DOMAIN   try what waits now
  --drop FOLDER  the drop folder; else MAILWRIGHT_DROP, /etc/mailwright/drop, or the config
  --config FILE  the config, as -C

Other options of sendmail(1) are read and do nothing. Exit codes are those of sysexits.h: 0 queued, 64 wrong words, 65 no
address, 67 no recipient, 69 no drop folder, 74 the message cannot be read, 75 not now, 77 this user may not.
`
