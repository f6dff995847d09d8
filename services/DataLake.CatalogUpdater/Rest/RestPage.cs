using System.Globalization;
using System.Text;

namespace DataLake.CatalogUpdater.Rest;

/// <summary>
/// One page of a list in order of names. Its token is the last name of the page before, so that nothing is left out or told twice when names come and go between two pages. A client that sends no
/// token gets the whole list, as the protocol wants it.
/// </summary>
/// <param name="Items">The names on the page.</param>
/// <param name="Next">The token of the next page; null on the last.</param>
internal sealed record RestPage(IReadOnlyList<string> Items, string? Next)
{
    private const int DefaultSize = 1000;

    public static RestPage Of(IEnumerable<string> names, IQueryCollection query)
    {
        var ordered = names.Order(StringComparer.Ordinal).ToList();
        if (!query.TryGetValue("pageToken", out var token))
        {
            return new RestPage(ordered, null);
        }

        var size = DefaultSize;
        if (query.TryGetValue("pageSize", out var asked) && (!int.TryParse(asked, NumberStyles.None, CultureInfo.InvariantCulture, out size) || size < 1))
        {
            throw RestRefusal.BadRequest("pageSize takes a whole number from 1 on.");
        }

        var last = NameOf(token.ToString());
        var rest = ordered.SkipWhile(name => string.CompareOrdinal(name, last) <= 0 && last.Length > 0).ToList();
        return new RestPage(rest[..Math.Min(size, rest.Count)], rest.Count > size ? Convert.ToHexStringLower(Encoding.UTF8.GetBytes(rest[size - 1])) : null);
    }

    private static string NameOf(string token)
    {
        try
        {
            return Encoding.UTF8.GetString(Convert.FromHexString(token));
        }
        catch (FormatException)
        {
            throw RestRefusal.BadRequest("The pageToken is none of this catalog's. Begin the list anew, with an empty one.");
        }
    }
}
