using System.Reflection;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using Portcullis.Server.Configuration;

namespace Portcullis.Tests.Server.Configuration.Reference;

/// <summary>The documentation comments of the settings, from the file that the compiler writes beside the program.</summary>
internal sealed class SettingComments
{
    private readonly Dictionary<string, XElement> _summaries;

    public SettingComments()
    {
        var file = Path.ChangeExtension(typeof(PortcullisConfiguration).Assembly.Location, ".xml");
        _summaries = XDocument.Load(file).Descendants("member")
            .Where(member => member.Element("summary") is not null)
            .ToDictionary(member => member.Attribute("name")!.Value, member => member.Element("summary")!);
    }

    /// <summary>A setting's summary in Markdown; a setting without one is a mistake.</summary>
    public string Of(PropertyInfo property) => Text(_summaries[$"P:{property.DeclaringType!.FullName}.{property.Name}"]);

    private static string Text(XElement summary)
    {
        var text = string.Concat(summary.Nodes().Select(node => node switch
        {
            XElement { Name.LocalName: "c" } code => $"`{code.Value}`",
            XElement other => throw new NotSupportedException($"<{other.Name}> in a setting's comment"),
            _ => node.ToString(SaveOptions.DisableFormatting).Replace("&amp;", "&", StringComparison.Ordinal).Replace("&lt;", "<", StringComparison.Ordinal),
        }));
        return Regex.Replace(text, @"\s+", " ").Trim();
    }
}
