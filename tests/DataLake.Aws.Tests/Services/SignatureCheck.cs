using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace DataLake.Aws.Tests.Services;

/// <summary>
/// Checks Signature Version 4 as a service does, from what arrived, and with no code of the SDK or of DataLake
/// (<see href="https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html">Create a signed AWS API request</see>). For POST to the root, as in the JSON protocol.
/// </summary>
internal static class SignatureCheck
{
    private static readonly string[] AlwaysSigned = ["host", "x-amz-date", "x-amz-target"];

    /// <summary>What is wrong with a request's signature; null where nothing is.</summary>
    public static string? Fault(HttpRequest request, byte[] body, string accessKey, string secretKey, string? sessionToken, string region, string service, DateTimeOffset now)
    {
        var parts = request.Headers.Authorization.ToString().Split(' ', 2);
        if (parts is not ["AWS4-HMAC-SHA256", var fields]) return "there is no signature of version 4";
        var values = fields.Split(',').Select(field => field.Trim().Split('=', 2)).ToDictionary(field => field[0], field => field[1]);
        var at = request.Headers["x-amz-date"].ToString();
        var scope = $"{now.UtcDateTime.ToString("yyyyMMdd", CultureInfo.InvariantCulture)}/{region}/{service}/aws4_request";
        if (values["Credential"] != $"{accessKey}/{scope}") return $"the scope is {values["Credential"]}";
        if (!DateTimeOffset.TryParseExact(at, "yyyyMMdd'T'HHmmss'Z'", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) || (now - time).Duration() > TimeSpan.FromMinutes(5)) return $"the time is {at}";
        if (sessionToken is not null && request.Headers["x-amz-security-token"] != sessionToken) return "the session token is missing";
        if (request.Headers.TryGetValue("x-amz-content-sha256", out var said) && said != Hash(body)) return "the body's hash is of another body";
        var signed = values["SignedHeaders"].Split(';');
        if (AlwaysSigned.FirstOrDefault(name => !signed.Contains(name)) is { } missing) return $"{missing} is not signed";
        if (sessionToken is not null && !signed.Contains("x-amz-security-token")) return "the session token is not signed";

        var canonical = $"{request.Method}\n/\n\n{string.Concat(signed.Select(name => $"{name}:{request.Headers[name].ToString().Trim()}\n"))}\n{values["SignedHeaders"]}\n{Hash(body)}";
        var text = $"AWS4-HMAC-SHA256\n{at}\n{scope}\n{Hash(Encoding.UTF8.GetBytes(canonical))}";
        var key = Encoding.UTF8.GetBytes($"AWS4{secretKey}");
        foreach (var part in scope.Split('/')) key = HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(part));
        return values["Signature"] == Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text))) ? null : "the signature is wrong";
    }

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
