using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace DataLake.Iceberg.Catalogs.Rest.Authentication;

/// <summary>AWS Signature Version 4 (<see href="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html">Create a signed AWS API request</see>), for services other than S3, whose paths are escaped once more.</summary>
internal static class AwsSignature
{
    private const string Algorithm = "AWS4-HMAC-SHA256";

    public static string Timestamp(DateTimeOffset now) => now.UtcDateTime.ToString("yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture);

    public static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    /// <summary>The value of the Authorization header.</summary>
    /// <param name="method">The method.</param>
    /// <param name="address">The address as it is sent, escaped.</param>
    /// <param name="headers">The headers to sign, by lower-case names; host and x-amz-date among them.</param>
    /// <param name="bodyHash">The body's <see cref="Hash"/>.</param>
    /// <param name="keys">The credentials.</param>
    /// <param name="region">The region, for example <c>eu-west-1</c>.</param>
    /// <param name="service">The service's name in signatures, for example <c>glue</c> or <c>s3tables</c>.</param>
    public static string Authorization(string method, Uri address, SortedDictionary<string, string> headers, string bodyHash, AwsKeys keys, string region, string service)
    {
        var timestamp = headers["x-amz-date"];
        var scope = $"{timestamp[..8]}/{region}/{service}/aws4_request";
        var signed = string.Join(';', headers.Keys);
        var request = new StringBuilder().Append(method).Append('\n').Append(Path(address)).Append('\n').Append(Query(address)).Append('\n');
        foreach (var (name, value) in headers) request.Append(name).Append(':').Append(value.Trim()).Append('\n');
        request.Append('\n').Append(signed).Append('\n').Append(bodyHash);
        var text = $"{Algorithm}\n{timestamp}\n{scope}\n{Hash(Encoding.UTF8.GetBytes(request.ToString()))}";
        var key = Encoding.UTF8.GetBytes("AWS4" + keys.SecretAccessKey);
        foreach (var part in scope.Split('/')) key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        return $"{Algorithm} Credential={keys.AccessKeyId}/{scope}, SignedHeaders={signed}, Signature={Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text)))}";
    }

    private static string Path(Uri address) => string.Join('/', address.AbsolutePath.Split('/').Select(Uri.EscapeDataString));

    private static string Query(Uri address) => string.Join('&', address.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries)
        .Select(pair => pair.Split('=', 2))
        .Select(pair => (Name: Escape(pair[0]), Value: pair.Length > 1 ? Escape(pair[1]) : ""))
        .OrderBy(pair => pair.Name, StringComparer.Ordinal).ThenBy(pair => pair.Value, StringComparer.Ordinal)
        .Select(pair => $"{pair.Name}={pair.Value}"));

    private static string Escape(string text) => Uri.EscapeDataString(Uri.UnescapeDataString(text));
}
