using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Amazon.Runtime;
using Amazon.Runtime.Internal.Auth;

namespace DataLake.Aws.Signing;

/// <summary>
/// AWS Signature Version 4 (<see href="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html">Create a signed AWS API request</see>), for services other
/// than S3, whose paths are escaped once more. The canonical form of a request is made here, because the SDK makes it of its own requests only; the signature is the SDK's.
/// </summary>
internal static class AwsSignature
{
    private const string TimestampFormat = "yyyyMMdd'T'HHmmss'Z'";

    public static string Timestamp(DateTimeOffset now) => now.UtcDateTime.ToString(TimestampFormat, CultureInfo.InvariantCulture);

    public static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>The value of the Authorization header.</summary>
    /// <param name="method">The method.</param>
    /// <param name="address">The address as it is sent, escaped.</param>
    /// <param name="headers">The headers to sign, by lower-case names; host and x-amz-date among them.</param>
    /// <param name="bodyHash">The body's <see cref="Hash"/>.</param>
    /// <param name="credentials">The credentials.</param>
    /// <param name="region">The region, for example <c>eu-west-1</c>.</param>
    /// <param name="service">The service's name in signatures, for example <c>glue</c> or <c>s3tables</c>.</param>
    public static string Authorization(
        string method, Uri address, SortedDictionary<string, string> headers, string bodyHash, ImmutableCredentials credentials, string region, string service)
    {
        var signed = string.Join(';', headers.Keys);
        var request = new StringBuilder().Append(method).Append('\n').Append(Path(address)).Append('\n').Append(Query(address)).Append('\n');
        foreach (var (name, value) in headers) request.Append(name).Append(':').Append(value.Trim()).Append('\n');
        request.Append('\n').Append(signed).Append('\n').Append(bodyHash);
        var at = DateTime.ParseExact(headers["x-amz-date"], TimestampFormat, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal);
        return AWS4Signer.ComputeSignature(credentials, region, at, service, signed, request.ToString()).ForAuthorizationHeader;
    }

    private static string Path(Uri address) => string.Join('/', address.AbsolutePath.Split('/').Select(Uri.EscapeDataString));

    private static string Query(Uri address) => string.Join('&', address.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries)
        .Select(pair => pair.Split('=', 2))
        .Select(pair => (Name: Escape(pair[0]), Value: pair.Length > 1 ? Escape(pair[1]) : ""))
        .OrderBy(pair => pair.Name, StringComparer.Ordinal).ThenBy(pair => pair.Value, StringComparer.Ordinal)
        .Select(pair => $"{pair.Name}={pair.Value}"));

    private static string Escape(string text) => Uri.EscapeDataString(Uri.UnescapeDataString(text));
}
