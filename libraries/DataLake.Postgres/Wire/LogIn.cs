using System.Buffers.Binary;
using System.Net.Security;
using System.Security.Cryptography;
using System.Text;
using Npgsql;

namespace DataLake.Postgres.Wire;

/// <summary>The start of a session: who we are, and the proof of it (<see href="https://www.postgresql.org/docs/current/protocol-flow.html#PROTOCOL-FLOW-START-UP">Start-up</see>).</summary>
internal sealed class LogIn
{
    private const int ProtocolVersion3 = 196_608;
    private const int LongestKey = 256;

    private readonly Stream stream;
    private readonly WireSettings settings;
    private readonly ServerAddress server;
    private ScramSha256? scram;
    private string method = "None";
    private bool isBound;
    private bool isAccepted;

    private LogIn(Stream stream, WireSettings settings, ServerAddress server)
    {
        this.stream = stream;
        this.settings = settings;
        this.server = server;
    }

    /// <summary>Logs in.</summary>
    /// <returns>What names the session when it is to be cancelled; a process id of 0 where the server gave none.</returns>
    /// <exception cref="WireException">The connection broke, or the server cannot be trusted or is not PostgreSQL.</exception>
    /// <exception cref="ServerErrorException">The server refuses.</exception>
    public static (int ProcessId, byte[] SecretKey) Run(Stream stream, MessageBuffer buffer, WireSettings settings, ServerAddress server) =>
        new LogIn(stream, settings, server).Run(buffer);

    private (int ProcessId, byte[] SecretKey) Run(MessageBuffer buffer)
    {
        stream.Write(StartUp().Written);
        var (processId, secretKey) = (0, Array.Empty<byte>());
        while (true)
        {
            var (type, body) = buffer.ReadMessage();
            switch ((char)type)
            {
                case 'R' when !isAccepted:
                    if (Answer(body) is { } answer)
                    {
                        stream.Write(answer.Written);
                    }

                    break;
                case 'K' when isAccepted && body.Length is >= 8 and <= 4 + LongestKey:
                    processId = BinaryPrimitives.ReadInt32BigEndian(body);
                    secretKey = body[4..];
                    break;
                case 'E':
                    throw new ServerErrorException(ServerError.Parse(body));
                case 'Z' when isAccepted && body.Length == 1:
                    return (processId, secretKey);
                default:
                    throw WireException.Unexpected(type);
            }
        }
    }

    private MessageWriter StartUp()
    {
        var start = new MessageWriter().Message(null).Int32(ProtocolVersion3)
            .Text("user").Text(settings.Username).Text("database").Text(settings.Database)
            .Text("application_name").Text(settings.ApplicationName).Text("client_encoding").Text("UTF8");
        if (settings.Options is { Length: > 0 } options)
        {
            start.Text("options").Text(options);
        }

        if (settings.SearchPath is { Length: > 0 } path)
        {
            start.Text("search_path").Text(path);
        }

        return start.Bytes([0]);
    }

    private MessageWriter? Answer(ReadOnlySpan<byte> body)
    {
        const int ok = 0, clearText = 3, md5 = 5, sasl = 10, saslContinue = 11, saslFinal = 12;
        var kind = body.Length >= 4 ? BinaryPrimitives.ReadInt32BigEndian(body) : throw WireException.Garbled("a message of the log-in is cut off");
        var data = body[4..];
        switch (kind)
        {
            case ok:
                Accept();
                return null;
            case clearText when method == "None":
                if (stream is not SslStream && !server.IsThisMachine)
                {
                    throw Unusable("the server asks for the password in clear text over a connection that is not encrypted. Turn TLS on, or let the server use scram-sha-256");
                }

                return Password(Required("Password"));
            case md5 when method == "None" && data.Length == 4:
                return Password("md5" + Md5(Md5(Required("MD5") + settings.Username, []), data));
            case sasl when method == "None":
                var mechanism = Challenge(data);
                var first = scram!.First();
                return new MessageWriter().Message('p').Text(mechanism).Int32(first.Length).Bytes(first);
            case saslContinue when scram is not null:
                return new MessageWriter().Message('p').Bytes(scram.Answer(data));
            case saslFinal when scram is not null:
                scram.Verify(data);
                return null;
            case clearText or md5 or sasl or saslContinue or saslFinal:
                throw WireException.Unexpected((byte)'R');
            default:
                throw Unusable($"the server asks for a way of logging in (number {kind}) that is not supported. Let it use scram-sha-256 for this user");
        }
    }

    private void Accept()
    {
        if (scram is { IsVerified: false })
        {
            throw Unusable("the server let the user in without proving that it knows the password: it may not be the server it claims to be. Check the host of the connection string");
        }

        Permit(method);
        if (settings.ChannelBinding == ChannelBinding.Require && !isBound)
        {
            throw Unusable("the server let the user in without binding the log-in to the TLS session, which 'Channel Binding=Require' demands. Correct the server, or leave the demand out");
        }

        isAccepted = true;
    }

    private string Challenge(ReadOnlySpan<byte> mechanisms)
    {
        var offered = Encoding.ASCII.GetString(mechanisms).Split('\0', StringSplitOptions.RemoveEmptyEntries);
        var binding = stream is SslStream tls && settings.ChannelBinding != ChannelBinding.Disable ? TlsSession.ChannelBinding(tls) : null;
        if (binding is not null && offered.Contains(ScramSha256.Plus))
        {
            scram = new ScramSha256(Required("ScramSHA256"), binding, couldBind: true);
            isBound = true;
            return ScramSha256.Plus;
        }

        if (!offered.Contains(ScramSha256.Plain) || settings.ChannelBinding == ChannelBinding.Require)
        {
            throw Unusable("the server offers no way of logging in that fits this connection. Let it use scram-sha-256 for this user, over TLS if 'Channel Binding=Require' is wanted");
        }

        scram = new ScramSha256(Required("ScramSHA256"), null, couldBind: binding is not null);
        return ScramSha256.Plain;
    }

    /// <summary>The password, for a way of logging in that must be allowed.</summary>
    private string Required(string wanted)
    {
        Permit(wanted);
        method = wanted;
        return settings.Password ?? throw Unusable(
            "the server asks for a password and the connection string has none. Add 'Password=...' in the place that the source's connection refers to");
    }

    private void Permit(string wanted)
    {
        if (!settings.Allows(wanted))
        {
            throw Unusable($"the server wants the log-in '{wanted}', which 'Require Auth' of the connection string does not allow. Change the server or the demand");
        }
    }

    private static MessageWriter Password(string password) => new MessageWriter().Message('p').Text(password);

    private static string Md5(string text, ReadOnlySpan<byte> salt)
    {
#pragma warning disable CA5351 // The older of the server's two ways; which one is used is the server's choice.
        return Convert.ToHexStringLower(MD5.HashData([.. Encoding.UTF8.GetBytes(text), .. salt]));
#pragma warning restore CA5351
    }

    private static WireException Unusable(string message) => new(WireProblem.Unusable, message);
}
