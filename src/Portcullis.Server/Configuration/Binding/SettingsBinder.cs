using System.Collections;
using Portcullis.Access;
using Portcullis.Access.Permissions;
using Portcullis.Server.Configuration.Yaml;

namespace Portcullis.Server.Configuration.Binding;

/// <summary>
/// The one place where text becomes settings. What is wrong is reported and the default taken instead, so that the rest can be looked at as well;
/// nobody gets settings that had a problem.
/// </summary>
/// <param name="folder">Where relative paths of the file count from.</param>
/// <param name="currentFolder">Where relative paths of environment variables count from.</param>
/// <param name="problems">Takes what is wrong.</param>
/// <param name="locations">Takes where each setting is written.</param>
internal sealed class SettingsBinder(string folder, string currentFolder, ProblemList problems, SettingLocations locations)
{
    private const string DataMark = "{data}";

    /// <summary>Binds the whole configuration.</summary>
    public PortcullisConfiguration Bind(YamlNode? root)
    {
        var configuration = (PortcullisConfiguration)Section(typeof(PortcullisConfiguration), root);
        var data = Absolute(configuration.Data, folder);
        Complete(configuration, data);
        return configuration;
    }

    private object Section(Type type, YamlNode? node)
    {
        var section = Activator.CreateInstance(type)!;
        if (node is null or YamlScalar { IsNull: true })
        {
            Missing(type, node, new HashSet<string>());
            return section;
        }
        locations.Set(section, node.Location);
        if (node is not YamlMapping mapping)
        {
            problems.Add(node.Location, "here belong keys with their values, 'key: value'");
            return section;
        }
        var settings = Setting.Of(type);
        var given = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (key, value) in mapping.Entries)
        {
            var setting = settings.FirstOrDefault(setting => setting.Key == key.Text);
            if (setting is null)
            {
                problems.Add(key.Location, UnknownKey(key.Text, settings));
            }
            else if (value is not YamlScalar { IsNull: true })
            {
                given.Add(setting.Key);
                locations.Set(section, setting.Property.Name, value.Location);
                var before = problems.Count;
                if (Value(setting.Type, setting, section, value) is { } bound)
                {
                    setting.Property.SetValue(section, bound);
                }
                if (problems.Count > before)
                {
                    locations.SetWrong(section, setting.Property.Name);
                }
            }
        }
        Missing(type, node, given);
        return section;
    }

    private object? Value(Type type, Setting setting, object section, YamlNode node)
    {
        switch (Setting.KindOf(type))
        {
            case SettingKind.Section:
                return Section(type, node);
            case SettingKind.List when node is YamlSequence sequence:
                return List(type, setting, section, sequence);
            case SettingKind.List:
                problems.Add(node.Location, "here belongs a list, [a, b]");
                return null;
            case SettingKind.Map when node is YamlMapping mapping:
                return Map(setting, section, mapping);
            case SettingKind.Map:
                problems.Add(node.Location, "here belong keys with their values, 'key: value'");
                return null;
        }
        if (node is not YamlScalar scalar)
        {
            problems.Add(node.Location, "here belongs a single value");
            return null;
        }
        var value = ValueReader.Read(type, setting, scalar.Text, out var problem);
        if (problem is not null)
        {
            problems.Add(node.Location, problem);
        }
        return value is string text ? Text(setting, text, node.Location) : value;
    }

    private string? Text(Setting setting, string text, SourceLocation location)
    {
        if (setting.Has<PermissionsAttribute>() && !ScopeWord.TryParse(text, out _, out var error))
        {
            problems.Add(location, error.ToString());
            return null;
        }
        var isPath = setting.Has<FilePathAttribute>() || (setting.Has<FilePathOrUrlAttribute>() && !IsUrl(text));
        if (!isPath)
        {
            return text;
        }
        if (text.Length == 0)
        {
            problems.Add(location, "here belongs a path; leave the key out to have the default");
            return null;
        }
        if (text.StartsWith(DataMark, StringComparison.Ordinal))
        {
            return text;
        }
        // A location without a line is an environment variable.
        var path = Absolute(text, location.Line == 0 ? currentFolder : folder);
        if ((setting.Attribute<FilePathAttribute>() is { MustExist: true } || setting.Has<FilePathOrUrlAttribute>()) && !File.Exists(path))
        {
            problems.Add(location, $"there is no file '{Shown.Text(path)}'");
        }
        return path;
    }

    private IList List(Type type, Setting setting, object section, YamlSequence sequence)
    {
        var item = Setting.ItemOf(type);
        var items = (IList)Activator.CreateInstance(typeof(List<>).MakeGenericType(item))!;
        var places = new List<SourceLocation>();
        foreach (var node in sequence.Items)
        {
            if (Value(item, setting, section, node) is { } value)
            {
                items.Add(value);
                places.Add(node.Location);
            }
        }
        locations.SetItems(section, setting.Property.Name, places);
        return items;
    }

    private Dictionary<string, string> Map(Setting setting, object section, YamlMapping mapping)
    {
        var map = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (key, value) in mapping.Entries)
        {
            if (Value(typeof(string), setting, section, value) is string text)
            {
                map.Add(key.Text, text);
            }
        }
        return map;
    }

    private void Missing(Type type, YamlNode? node, IReadOnlySet<string> given)
    {
        foreach (var setting in Setting.Of(type))
        {
            if (setting.IsRequired && !given.Contains(setting.Key) && node is not null)
            {
                problems.Add(node.Location, $"'{setting.Key}' is missing");
            }
        }
    }

    private static string UnknownKey(string key, IReadOnlyList<Setting> settings)
    {
        var keys = settings.Select(setting => setting.Key);
        return Spelling.Nearest(key, keys) is { } nearest
            ? $"there is no setting '{Shown.Text(key)}' here; did you mean '{nearest}'?"
            : $"there is no setting '{Shown.Text(key)}' here; known are {string.Join(", ", keys)}";
    }

    // Puts the data folder into what says {data}, and makes the defaults' paths absolute too.
    private void Complete(object section, string data)
    {
        foreach (var setting in Setting.Of(section.GetType()))
        {
            switch (setting.Property.GetValue(section))
            {
                case string text when text.Contains(DataMark, StringComparison.Ordinal):
                    text = text.Replace(DataMark, data, StringComparison.Ordinal);
                    setting.Property.SetValue(section, setting.Has<FilePathAttribute>() ? Absolute(text, folder) : text);
                    break;
                case string text when setting.Has<FilePathAttribute>() && text.Length > 0:
                    setting.Property.SetValue(section, Absolute(text, folder));
                    break;
                case IEnumerable and not string when Setting.KindOf(setting.Type) == SettingKind.List:
                    foreach (var item in ((IEnumerable)setting.Property.GetValue(section)!).Cast<object>().Where(item => item is not string))
                    {
                        Complete(item, data);
                    }
                    break;
                case { } inner when Setting.KindOf(setting.Type) == SettingKind.Section:
                    Complete(inner, data);
                    break;
            }
        }
    }

    private static bool IsUrl(string text) =>
        text.StartsWith("https://", StringComparison.OrdinalIgnoreCase) || text.StartsWith("http://", StringComparison.OrdinalIgnoreCase);

    private static string Absolute(string path, string from) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(path, from));
}
