/** `npm run replay -- --help`. */
export const HELP = `Sends a history of events from a file to a running Segment Engine.

  npm run replay -- FILE [flags]

Sending a file twice counts it once: the message id of an event is made from its row. Identical rows of one file are
different events. The whole file is checked before the first event is sent.

Where to
  --url URL               of the server (SEGMENT_ENGINE_URL; http://127.0.0.1:3000)
  --key KEY               one of its WRITE_KEYS, if it has any (SEGMENT_ENGINE_WRITE_KEY)

What the file is
  --format FORMAT         csv (RFC 4180), text (columns separated by white space) or ndjson (a JSON object per line);
                          auto, the default, goes by the file's name and its first line
  --no-header             the first line is an event already; the columns are called 1, 2, 3, ...
  --columns a,b,c         the same, with these names

What is what
  --event NAME            the name of every event, or
  --event-column COLUMN   where it stands (event)
  --user COLUMN           the userId, always as text (userId)
  --time COLUMN           ISO 8601 (UTC where it has no offset), YYYYMMDD, epoch seconds or milliseconds (timestamp)
  --property name=COLUMN  a property; may be repeated. Without it all other columns become properties; numbers become
                          numbers (not with leading zeros), empty cells are left out
  --trait name=COLUMN     a trait of the person, such as email=mail; may be repeated
                          An ndjson file without any of these flags holds events as POST /api/growth/events takes them.

How
  --shift-to-now          moves all times by the same number of whole days, so that the last day becomes yesterday
  --limit N               the first N events only
  --dry-run               checks the file and prints the first events, sends nothing
  --batch N               events per request, 1 to 1,000 (500)
  --concurrency N         requests at a time, 1 to 64 (4)

Requests that get no answer, 429 or 5xx are repeated for two minutes, not before the server asks to. The exit code is 0
when every event was accepted, 1 when some were refused or could not be sent, 2 when the command line or the file is
at fault (then nothing was sent).

Examples
  npm run replay -- orders.csv --event payment_completed --user customer --time paid_at --trait email=mail
  npm run replay -- history.txt --columns user,day,amount --event payment_completed --user user --time day --shift-to-now
  npm run replay -- events.ndjson --dry-run
`;
