using System.Text.Json.Nodes;
using DataLake.Contracts;
using DataLake.Pipelines.Definitions;
using DataLake.Pipelines.Shapes;
using DataLake.Pipelines.Yaml;

namespace DataLake.Pipelines.Parsing;

/// <summary>The keys of a notify rule.</summary>
internal static class NotifyKeys
{
    public static readonly Key<IReadOnlyList<Placed<NoticeEvent>>> On = new(
        "on",
        new ListShape<NoticeEvent>(
            "a list of failed, succeeded, late and recovered",
            new ChoiceShape<NoticeEvent>(new Dictionary<string, NoticeEvent>
            {
                ["failed"] = NoticeEvent.Failed,
                ["succeeded"] = NoticeEvent.Succeeded,
                ["late"] = NoticeEvent.Late,
                ["recovered"] = NoticeEvent.Recovered,
            }),
            isSet: true),
        "What to tell of: failed (a run's retries are used up), succeeded, late (see late_after), recovered (all is well again).")
    {
        IsRequired = true,
        Examples = [new JsonArray("failed", "recovered")],
    };

    public static readonly Key<IReadOnlyList<Placed<TableName>>> Tables = new(
        "tables", new ListShape<TableName>("a list of tables", Values.Table, isSet: true), "The tables to tell of.")
    {
        DefaultInWords = "all of the pipeline",
        Examples = [new JsonArray("public.shipments")],
    };

    public static readonly Key<bool> Log = new("log", new TruthShape(), "Write a line in the notifier's log.") { Default = false, Examples = [true] };

    public static readonly Key<SmtpChannel> Smtp = new("smtp", SmtpShape(), "Send a mail.")
    {
        DefaultInWords = "none",
    };

    public static readonly Key<WebhookChannel> Webhook = new("webhook", WebhookShape(), "Send a POST request with a JSON body.")
    {
        DefaultInWords = "none",
    };

    /// <summary>A rule.</summary>
    public static readonly Shape<MappingReader> Shape = new MappingShape(
        "a mapping with 'on' and one of log, smtp, webhook", [On, Tables, Log, Smtp, Webhook], oneOf: [Log, Smtp, Webhook]);

    private static Shape<SmtpChannel> SmtpShape()
    {
        var host = new Key<string>("host", Values.Host, "The mail server.") { IsRequired = true, Examples = ["mail.example.org"] };
        var port = new Key<long>("port", Values.WholeNumber(1, 65535), "Its port.")
        {
            DefaultInWords = "587 with starttls, 465 with implicit, 25 with none",
            Examples = [587],
        };
        var from = new Key<string>("from", Values.MailAddress, "The sender's address.") { IsRequired = true, Examples = ["lake@example.org"] };
        var to = new Key<IReadOnlyList<Placed<string>>>(
            "to", new ListShape<string>("a list of mail addresses", Values.MailAddress, isSet: true), "The receivers' addresses.")
        {
            IsRequired = true,
            Examples = [new JsonArray("data-team@example.org")],
        };
        var tlsOptions = new Dictionary<string, SmtpTls> { ["none"] = SmtpTls.None, ["starttls"] = SmtpTls.StartTls, ["implicit"] = SmtpTls.Implicit };
        var tls = new Key<SmtpTls>(
            "tls", new ChoiceShape<SmtpTls>(tlsOptions), "How the server is spoken to: in the clear, TLS after STARTTLS, or TLS from the first byte.")
        {
            Default = tlsOptions.First(option => option.Value == DefinitionDefaults.Tls).Key,
            Examples = ["starttls"],
        };
        var username = new Key<SecretReference>(
            "username", Values.Secret, "Where the user name is kept.") { DefaultInWords = "no login", Examples = ["env:SMTP_USER"] };
        var password = new Key<SecretReference>(
            "password", Values.Secret, "Where the password is kept.") { DefaultInWords = "no login", Examples = ["env:SMTP_PASSWORD"] };

        return new MappingShape("a mapping with host, from and to", [host, port, from, to, tls, username, password]).Then((fields, _, problems) =>
        {
            var mode = fields.Get(tls, DefinitionDefaults.Tls);
            if (fields.Has(username) != fields.Has(password))
            {
                problems.Add(fields.AtOf(fields.Has(username) ? username : password),
                    "username and password come together; add the other, or leave both out");
            }
            else if (fields.Has(password) && mode == SmtpTls.None && !IsLoopback(fields.Get(host, "")))
            {
                problems.Add(fields.AtOf(tls), "with tls: none the password would travel in the clear; use starttls or implicit");
            }

            return !fields.IsComplete ? null : new SmtpChannel(
                fields.Required(host),
                (int)fields.Get(port, DefinitionDefaults.SmtpPort(mode)),
                fields.Required(from),
                [.. fields.Required(to).Select(address => address.Value)],
                mode,
                fields.TryGet(username, out var user) ? user : null,
                fields.TryGet(password, out var secret) ? secret : null);
        });
    }

    private static Shape<WebhookChannel> WebhookShape()
    {
        var url = new Key<WebhookChannel>("url", Values.WebhookUrl, "The address, or a reference to it.")
        {
            IsRequired = true,
            Examples = ["https://hooks.example.org/lake", "env:HOOK_URL"],
        };
        var secret = new Key<SecretReference>("secret", Values.Secret, "Where the key is kept that signs the body (HMAC).")
        {
            DefaultInWords = "the body is not signed",
            Examples = ["env:HOOK_SECRET"],
        };
        return new MappingShape("a mapping with url and secret", [url, secret]).Then((fields, _, _) =>
            fields.IsComplete ? fields.Required(url) with { Secret = fields.TryGet(secret, out var found) ? found : null } : null);
    }

    private static bool IsLoopback(string host) =>
        host == "localhost" || (System.Net.IPAddress.TryParse(host, out var address) && System.Net.IPAddress.IsLoopback(address));
}
