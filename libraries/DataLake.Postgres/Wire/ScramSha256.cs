using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace DataLake.Postgres.Wire;

/// <summary>
/// The client's side of SCRAM-SHA-256 (<see href="https://www.rfc-editor.org/rfc/rfc5802">RFC 5802</see>, <see href="https://www.rfc-editor.org/rfc/rfc7677">RFC 7677</see>),
/// with channel binding (tls-server-end-point, <see href="https://www.rfc-editor.org/rfc/rfc5929">RFC 5929</see>) where the server offers it over TLS.
/// </summary>
internal sealed class ScramSha256
{
    public const string Plain = "SCRAM-SHA-256";
    public const string Plus = "SCRAM-SHA-256-PLUS";

    // About a second; the server's default is 4,096.
    private const int MostIterations = 2_000_000;

    private readonly byte[] password;
    private readonly string nonce;
    private readonly string user;
    private readonly string header;
    private readonly byte[] bindingData;

    // Of the server's proof: known once the challenge was answered, gone once it was verified.
    private byte[]? expectedSignature;
    private bool isAnswered;

    /// <param name="password">The user's password.</param>
    /// <param name="channelBinding">The hash of the server's certificate where <see cref="Plus"/> is used, else null.</param>
    /// <param name="couldBind">Whether this end could have bound the channel, had the server offered it.</param>
    /// <param name="nonce">A nonce, for tests; random by default.</param>
    /// <param name="user">The user's name, for tests: PostgreSQL takes the one of the startup message.</param>
    public ScramSha256(string password, byte[]? channelBinding, bool couldBind, string? nonce = null, string user = "")
    {
        this.password = Prepare(password);
        this.nonce = nonce ?? Convert.ToBase64String(RandomNumberGenerator.GetBytes(18));
        this.user = user;
        header = channelBinding is not null ? "p=tls-server-end-point,," : couldBind ? "y,," : "n,,";
        bindingData = channelBinding ?? [];
    }

    /// <summary>Whether the server has proved itself.</summary>
    public bool IsVerified { get; private set; }

    private string FirstBare => $"n={user},r={nonce}";

    /// <summary>The first message.</summary>
    public byte[] First() => Encoding.UTF8.GetBytes(header + FirstBare);

    /// <summary>The answer to the server's first message.</summary>
    /// <exception cref="WireException">The challenge is malformed, or comes a second time.</exception>
    public byte[] Answer(ReadOnlySpan<byte> serverFirst)
    {
        var text = Encoding.UTF8.GetString(serverFirst);
        if (isAnswered || text.Split(',') is not [['r', '=', .. var combined], ['s', '=', .. var salt], ['i', '=', .. var count], ..]
            || !combined.StartsWith(nonce, StringComparison.Ordinal) || combined.Length <= nonce.Length
            || !int.TryParse(count, NumberStyles.None, CultureInfo.InvariantCulture, out var iterations) || iterations is < 1 or > MostIterations)
        {
            throw WireException.Garbled("the server's SCRAM challenge is malformed");
        }

        isAnswered = true;
        var saltedPassword = Rfc2898DeriveBytes.Pbkdf2(password, Decode(salt), iterations, HashAlgorithmName.SHA256, 32);
        var binding = Convert.ToBase64String([.. Encoding.UTF8.GetBytes(header), .. bindingData]);
        var withoutProof = $"c={binding},r={combined}";
        var authMessage = Encoding.UTF8.GetBytes($"{FirstBare},{text},{withoutProof}");
        expectedSignature = HMACSHA256.HashData(HMACSHA256.HashData(saltedPassword, "Server Key"u8), authMessage);
        var clientKey = HMACSHA256.HashData(saltedPassword, "Client Key"u8);
        var signature = HMACSHA256.HashData(SHA256.HashData(clientKey), authMessage);
        for (var i = 0; i < signature.Length; i++)
        {
            signature[i] ^= clientKey[i];
        }

        return Encoding.UTF8.GetBytes($"{withoutProof},p={Convert.ToBase64String(signature)}");
    }

    /// <summary>Makes sure that the server knows the password too.</summary>
    /// <exception cref="WireException">It does not, or was not asked yet.</exception>
    public void Verify(ReadOnlySpan<byte> serverFinal)
    {
        if (expectedSignature is not { } expected || Encoding.UTF8.GetString(serverFinal).Split(',') is not [['v', '=', .. var signature], ..])
        {
            throw WireException.Garbled("the server's SCRAM proof is malformed");
        }

        expectedSignature = null;
        IsVerified = CryptographicOperations.FixedTimeEquals(Decode(signature), expected) ? true : throw new WireException(WireProblem.Unusable,
            "the server could not prove that it knows the user's password: it may not be the server it claims to be. Check the host of the connection string");
    }

    private static byte[] Decode(string base64)
    {
        try
        {
            return Convert.FromBase64String(base64);
        }
        catch (FormatException error)
        {
            throw WireException.Garbled("the server's SCRAM message is malformed", error);
        }
    }

    /// <summary>
    /// SASLprep (<see href="https://www.rfc-editor.org/rfc/rfc4013">RFC 4013</see>): odd spaces become spaces, what nobody sees goes, the rest is brought into the form NFKC. Text that
    /// SASLprep forbids is used as it is, as the server does. With InvariantGlobalization .NET does not normalize: passwords must be in NFKC there, as keyboards give them.
    /// </summary>
    private static byte[] Prepare(string password)
    {
        if (!password.AsSpan().ContainsAnyExceptInRange('\0', '\x7f'))
        {
            return Encoding.UTF8.GetBytes(password);
        }

        var mapped = new StringBuilder(password.Length);
        foreach (var rune in password.EnumerateRunes())
        {
            if (IsForbidden(rune))
            {
                return Encoding.UTF8.GetBytes(password);
            }

            if (!IsInvisible(rune))
            {
                mapped.Append(Rune.GetUnicodeCategory(rune) == UnicodeCategory.SpaceSeparator || rune.Value == 0x200B ? " " : rune.ToString());
            }
        }

        return mapped.Length > 0 ? Encoding.UTF8.GetBytes(mapped.ToString().Normalize(NormalizationForm.FormKC)) : Encoding.UTF8.GetBytes(password);
    }

    // RFC 3454, table B.1.
    private static bool IsInvisible(Rune rune) => rune.Value is 0x00AD or 0x034F or 0x1806 or (>= 0x180B and <= 0x180D) or 0x200C or 0x200D or 0x2060 or (>= 0xFE00 and <= 0xFE0F) or 0xFEFF;

    // RFC 3454, tables C.2 to C.9, and what Unicode 3.2 did not have, as far as it can be told without its tables: the emoji.
    private static bool IsForbidden(Rune rune) => Rune.GetUnicodeCategory(rune) is UnicodeCategory.Control or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        || rune.Value is 0xFFFD or (>= 0xFFF9 and <= 0xFFFC) or 0x200E or 0x200F or (>= 0x2028 and <= 0x202E) or (>= 0x206A and <= 0x206F) or (>= 0x2FF0 and <= 0x2FFB)
            or 0x0340 or 0x0341 or 0x06DD or 0x070F or 0x180E or (>= 0x1F000 and <= 0x1FFFF) or (>= 0xE0000 and <= 0xE007F);
}
