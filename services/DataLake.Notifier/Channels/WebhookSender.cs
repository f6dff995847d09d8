using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Text;
using DataLake.Notifier.Composition;
using DataLake.Pipelines.Definitions;
using DataLake.Pipelines.Secrets;

namespace DataLake.Notifier.Channels;

/// <summary>
/// POSTs a message as JSON. <c>X-DataLake-Event</c> names the event, <c>X-DataLake-Notice</c> is the same for each try of one notice, and with a secret
/// <c>X-DataLake-Signature</c> is <c>sha256=</c> and the HMAC-SHA256 of the body, in hexadecimal digits.
/// </summary>
/// <remarks>An address may be a secret in itself, so only host and port of one are ever shown, and nothing of one that came by reference.</remarks>
public sealed class WebhookSender(SecretResolver secrets, ServerTrust trust, TimeProvider time) : IDisposable
{
    /// <summary>How long the receiver has to answer.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromSeconds(10);

    private const int LongestAnswer = 1024;
    private const int ShortestToken = 6;

    // Made here and not by IHttpClientFactory: its clients write each address into the log.
    private readonly HttpClient client = new(new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        // No trace context for strangers, and no address in a trace.
        ActivityHeadersPropagator = null,
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        MaxResponseDrainSize = 0,
        SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = trust.CreatePolicy() },
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <summary>Posts; returns when the receiver answered with 2xx.</summary>
    /// <exception cref="ChannelException">It did not.</exception>
    /// <exception cref="SecretException">A secret is not there.</exception>
    public async Task SendAsync(WebhookChannel channel, NoticeMessage message, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(channel);
        ArgumentNullException.ThrowIfNull(message);
        var address = AddressOf(channel);
        var shown = channel.UrlReference is { } reference ? $"the address kept in {reference}" : address.GetLeftPart(UriPartial.Authority);
        var key = channel.Secret is null ? null : secrets.Resolve(channel.Secret);
        using var request = RequestOf(address, message, key);
        using var limit = new CancellationTokenSource(Longest, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token);
            if (!response.IsSuccessStatusCode)
            {
                var answer = channel.UrlReference is null ? await ReadAnswerAsync(response, [.. HiddenPartsOf(address), key ?? ""], either.Token) : "";
                throw new ChannelException($"The webhook at {shown} answered {(int)response.StatusCode} {AdviceOf(response.StatusCode)}{answer}");
            }
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new ChannelException($"The webhook at {shown} did not answer within {Longest.TotalSeconds:0} s. It has to answer first and work later.");
        }
        catch (HttpRequestException error)
        {
            throw new ChannelException($"The webhook at {shown} cannot be reached: {ReasonOf(error)}");
        }
    }

    /// <inheritdoc/>
    public void Dispose() => client.Dispose();

    private static HttpRequestMessage RequestOf(Uri address, NoticeMessage message, string? key)
    {
        var body = NoticeJson.Write(message);
        var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new("application/json", "utf-8");
        request.Headers.UserAgent.Add(new("DataLake", null));
        request.Headers.Add("X-DataLake-Event", NoticeJson.EventName(message));
        request.Headers.Add("X-DataLake-Notice", message.NoticeId.ToString());
        if (key is not null)
        {
            request.Headers.Add("X-DataLake-Signature", $"sha256={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), body))}");
        }

        return request;
    }

    private Uri AddressOf(WebhookChannel channel)
    {
        if (channel.Url is { } url)
        {
            return url;
        }

        var reference = channel.UrlReference ?? throw new ChannelException("The webhook has neither an address nor a reference to one. Give it a url.");
        return Uri.TryCreate(secrets.Resolve(reference), UriKind.Absolute, out var address) && address.UserInfo.Length == 0
            && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && address.IsLoopback))
            ? address
            : throw new ChannelException(
                $"What is kept in {reference} is not the address of a webhook. "
                + "Keep an https:// address without a user or password there (http:// only for this machine).");
    }

    /// <summary>What may be a token in an address that stands in the definition: its parts, unless they are short words.</summary>
    private static IEnumerable<string> HiddenPartsOf(Uri address) =>
        address.PathAndQuery.Split('/', '?', '&', '=', ';').Where(part => part.Length >= ShortestToken)
            .SelectMany(part => new[] { part, Uri.UnescapeDataString(part) }).OrderByDescending(part => part.Length);

    private static async Task<string> ReadAnswerAsync(HttpResponseMessage response, IEnumerable<string> hidden, CancellationToken cancellation)
    {
        try
        {
            var buffer = new byte[LongestAnswer];
            await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
            var length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellation);
            var text = ShownText.Answer(Encoding.UTF8.GetString(buffer, 0, length), hidden);
            return text.Length == 0 ? "" : $" It said: {text}";
        }
        catch (Exception error) when (error is IOException or HttpRequestException or OperationCanceledException)
        {
            // The status has been told; the rest of a broken answer says no more.
            return "";
        }
    }

    private static string AdviceOf(HttpStatusCode status) => (int)status switch
    {
        >= 300 and < 400 => "(a redirect, which is not followed). Put the new address into the definition.",
        401 or 403 => "(not allowed). Check the address, and the secret if it checks signatures.",
        404 or 410 => "(no such place). Check the address.",
        429 => "(too many requests).",
        >= 500 => "(its own failure). Look into its log.",
        _ => "(refused).",
    };

    // The library's messages quote host names, which may be part of the secret; its codes do not.
    private static string ReasonOf(HttpRequestException error) => error.HttpRequestError switch
    {
        HttpRequestError.NameResolutionError => "no such host is known. Check the host name and the name server.",
        HttpRequestError.ConnectionError => "nothing accepts connections there. Check host, port and firewall.",
        HttpRequestError.SecureConnectionError =>
            $"TLS failed. {(error.InnerException as AuthenticationException)?.Message} "
            + $"Check its certificate; one of a private authority is trusted by {NotifierOptions.Section}:{nameof(NotifierOptions.TrustedCertificates)}.",
        HttpRequestError.ProxyTunnelError => "the proxy refused. Check HTTPS_PROXY and NO_PROXY.",
        var other => string.Create(CultureInfo.InvariantCulture, $"the exchange broke off ({other})."),
    };
}
