// A mail server for tests, on 127.0.0.1 and a free port. Takes one argument, JSON:
//   mode      plain | starttls | implicit
//   key, cert paths of PEM files, for starttls and implicit
//   login     { username, password, method }: who may send, and by which mechanism (PLAIN or LOGIN); absent: everybody
//   refuse    receivers that are refused
// Prints a JSON line { "port": n } when it listens, then one for each mail. Ends when its standard input ends.
import { readFileSync } from 'node:fs';
import PostalMime from 'postal-mime';
import { SMTPServer } from 'smtp-server';

const { mode = 'plain', key, cert, login, refuse = [] } = JSON.parse(process.argv[2] ?? '{}');
const print = line => process.stdout.write(JSON.stringify(line) + '\n');
const reply = (responseCode, text) => Object.assign(new Error(text), { responseCode });

const server = new SMTPServer({
  secure: mode === 'implicit',
  ...(mode === 'plain' ? {} : { key: readFileSync(key), cert: readFileSync(cert) }),
  disabledCommands: [...(mode === 'plain' ? ['STARTTLS'] : []), ...(login ? [] : ['AUTH'])],
  authMethods: [login?.method ?? 'PLAIN'],
  allowInsecureAuth: true,
  disableReverseLookup: true,
  // Says back what it was told, as a careless server does: the client has to keep it out of its errors.
  onAuth: ({ username, password }, _, done) => username === login.username && password === login.password
    ? done(null, { user: username })
    : done(reply(535, `no login for ${username} with ${password} or ${Buffer.from(password).toString('base64')}`)),
  onRcptTo: ({ address }, _, done) => done(refuse.includes(address) ? reply(550, `no mailbox ${address}`) : null),
  async onData(stream, session, done) {
    const chunks = await stream.toArray();
    const raw = Buffer.concat(chunks);
    const mail = await PostalMime.parse(raw);
    print({
      envelopeFrom: session.envelope.mailFrom.address,
      envelopeTo: session.envelope.rcptTo.map(receiver => receiver.address),
      isEncrypted: session.secure,
      login: session.user ?? null,
      from: mail.from.address,
      to: mail.to.map(receiver => receiver.address),
      subject: mail.subject,
      text: mail.text,
      messageId: mail.messageId,
      headers: mail.headers.map(header => header.key),
      longestLine: Math.max(...raw.toString('latin1').split('\r\n').map(line => line.length)),
    });
    done();
  },
});
server.on('error', error => process.stderr.write(`${error.message}\n`));
server.listen(0, '127.0.0.1', () => print({ port: server.server.address().port }));
process.stdin.on('end', () => process.exit(0)).resume();
