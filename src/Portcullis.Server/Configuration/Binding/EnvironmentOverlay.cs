using System.Globalization;
using Portcullis.Access;
using Portcullis.Server.Configuration.Yaml;

namespace Portcullis.Server.Configuration.Binding;

/// <summary>Lays the environment's settings over the file's, before anything is read from either: one binder then reads one tree.</summary>
internal sealed class EnvironmentOverlay(ProblemList problems)
{
    /// <summary>The file's node with the environment's values in it.</summary>
    public YamlNode? Lay(Type type, EnvironmentTree environment, YamlNode? node)
    {
        if (environment.Value is null && environment.Children.Count == 0)
        {
            return node;
        }
        node = node is YamlScalar { IsNull: true } ? null : node;
        var kind = Setting.KindOf(type);
        var at = new SourceLocation(environment.Variable, 0);
        if (kind is not (SettingKind.Section or SettingKind.List or SettingKind.Map))
        {
            foreach (var child in environment.Children.Values)
            {
                Unknown(child, $"nothing can be set below {environment.Variable}");
            }
            return environment.Value is { } text ? new YamlScalar(text, false, at) : node;
        }
        if (environment.Value is not null)
        {
            problems.Add(at, kind == SettingKind.List
                ? $"this is a list; set {environment.Variable}__0 and so on"
                : $"this is a section; set what is in it, as {environment.Variable}__NAME");
            return node;
        }
        // A node of the wrong kind is left as it is: the binder reports it.
        return (kind, node) switch
        {
            (SettingKind.Section, null or YamlMapping) => Section(type, environment, (YamlMapping?)node, at),
            (SettingKind.Map, null or YamlMapping) => Map(environment, (YamlMapping?)node, at),
            (SettingKind.List, null or YamlSequence) => List(type, environment, (YamlSequence?)node, at),
            _ => node,
        };
    }

    private YamlMapping Section(Type type, EnvironmentTree environment, YamlMapping? mapping, SourceLocation at)
    {
        var entries = mapping?.Entries.ToList() ?? [];
        var settings = Setting.Of(type);
        foreach (var (name, child) in environment.Children)
        {
            var setting = settings.FirstOrDefault(setting => string.Equals(setting.Key, name, StringComparison.OrdinalIgnoreCase));
            if (setting is null)
            {
                var nearest = Spelling.Nearest(name, settings.Select(setting => setting.Key));
                Unknown(child, nearest is null
                    ? $"there is no such setting; known here are {string.Join(", ", settings.Select(setting => setting.Key.ToUpperInvariant()))}"
                    : $"there is no such setting; did you mean {environment.Variable}__{nearest.ToUpperInvariant()}?");
                continue;
            }
            Put(entries, setting.Key, Lay(setting.Type, child, mapping?.Find(setting.Key)), child);
        }
        return new YamlMapping(entries, mapping?.Location ?? at);
    }

    private YamlMapping Map(EnvironmentTree environment, YamlMapping? mapping, SourceLocation at)
    {
        var entries = mapping?.Entries.ToList() ?? [];
        foreach (var (name, child) in environment.Children)
        {
            Put(entries, name, Lay(typeof(string), child, mapping?.Find(name)), child);
        }
        return new YamlMapping(entries, mapping?.Location ?? at);
    }

    private YamlSequence List(Type type, EnvironmentTree environment, YamlSequence? sequence, SourceLocation at)
    {
        var items = sequence?.Items.ToList() ?? [];
        var numbered = new SortedDictionary<int, EnvironmentTree>();
        foreach (var (name, child) in environment.Children)
        {
            if (int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out var index) && (name == "0" || name[0] != '0'))
            {
                numbered.Add(index, child);
            }
            else
            {
                Unknown(child, $"this is a list; its items are {environment.Variable}__0 and so on");
            }
        }
        foreach (var (index, child) in numbered)
        {
            if (index > items.Count)
            {
                Unknown(child, $"{environment.Variable}__{items.Count} is missing, so this one has no place");
                continue;
            }
            var item = Lay(Setting.ItemOf(type), child, index < items.Count ? items[index] : null);
            if (item is null)
            {
                continue;
            }
            if (index < items.Count)
            {
                items[index] = item;
            }
            else
            {
                items.Add(item);
            }
        }
        return new YamlSequence(items, sequence?.Location ?? at);
    }

    private static void Put(List<YamlEntry> entries, string key, YamlNode? value, EnvironmentTree environment)
    {
        if (value is not null)
        {
            entries.RemoveAll(entry => entry.Key.Text == key);
            entries.Add(new YamlEntry(new YamlScalar(key, true, new SourceLocation(environment.Variable, 0)), value));
        }
    }

    // Each variable below is reported under its own full name.
    private void Unknown(EnvironmentTree environment, string message)
    {
        if (environment.Value is not null)
        {
            problems.Add(new SourceLocation(environment.Variable, 0), message);
        }
        foreach (var child in environment.Children.Values)
        {
            Unknown(child, message);
        }
    }
}
