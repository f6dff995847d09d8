using System.Globalization;
using System.Text;

namespace DataLake.Notifier.Composition;

/// <summary>A message as plain text: for a person who reads nothing else.</summary>
internal static class NoticeBody
{
    /// <summary>The text, with line feeds.</summary>
    public static string Write(NoticeMessage message)
    {
        var body = new StringBuilder();
        Section("What happened", message.WhatHappened);
        Section("Is anything lost?", message.WhatIsLost);
        Section("What happens next by itself", message.WhatNext);
        Section("What you can do", message.WhatToDo);
        body.Append("Details\n");
        Detail("Event", message.Event.ToString().ToLowerInvariant());
        Detail("Pipeline", message.Pipeline);
        Detail("Table", message.Table);
        Detail("Window", message.Window?.ToString());
        Detail("Run", message.RunId?.ToString());
        Detail("Attempt", message.Attempt?.ToString(CultureInfo.InvariantCulture));
        Detail("Rows", message.Rows?.ToString("N0", CultureInfo.InvariantCulture));
        Detail("Bytes", message.Bytes?.ToString("N0", CultureInfo.InvariantCulture));
        Detail("Files", message.Files?.ToString("N0", CultureInfo.InvariantCulture));
        Detail("Raised at", message.RaisedAt.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        Detail("Notice", message.NoticeId.ToString());
        return body.ToString();

        void Section(string title, string text) => body.Append(CultureInfo.InvariantCulture, $"{title}\n  {text.Replace("\n", "\n  ", StringComparison.Ordinal)}\n\n");

        void Detail(string name, string? value)
        {
            if (value is not null)
            {
                body.Append(CultureInfo.InvariantCulture, $"  {name + ":",-11}{value}\n");
            }
        }
    }
}
