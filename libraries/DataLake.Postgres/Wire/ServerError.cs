using System.Text;

namespace DataLake.Postgres.Wire;

/// <summary>What the server says of an error (<see href="https://www.postgresql.org/docs/current/protocol-error-fields.html">Error and Notice Message Fields</see>).</summary>
/// <param name="SqlState">The five-character code.</param>
/// <param name="Message">The primary message.</param>
internal sealed record ServerError(string SqlState, string Message)
{
    // It ends up in logs and in the ledger.
    private const int LongestMessage = 2_000;

    /// <summary>What of it can be read; whatever the bytes are.</summary>
    public static ServerError Parse(ReadOnlySpan<byte> body)
    {
        var (state, message) = ("", "");
        while (body.Length > 1 && body[0] != 0)
        {
            var field = body[0];
            var length = body[1..].IndexOf((byte)0);
            if (length < 0)
            {
                break;
            }

            var text = body.Slice(1, Math.Min(length, LongestMessage));
            if (field == 'C')
            {
                state = Encoding.UTF8.GetString(text[..Math.Min(text.Length, 5)]);
            }
            else if (field == 'M')
            {
                message = Encoding.UTF8.GetString(text);
            }

            body = body[(length + 2)..];
        }

        return new ServerError(state.Length > 0 ? state : "XX000", message.Length > 0 ? message : "the server gave no reason");
    }
}
