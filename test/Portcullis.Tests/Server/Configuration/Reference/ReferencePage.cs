using System.Text;
using System.Text.Json;
using Portcullis.Server.Configuration;
using Portcullis.Server.Configuration.Binding;

namespace Portcullis.Tests.Server.Configuration.Reference;

/// <summary>Writes <c>docs/reference/configuration.md</c> from the settings' types.</summary>
internal sealed class ReferencePage(SettingComments comments)
{
    private readonly StringBuilder _page = new();

    public string Write()
    {
        _page.Append("""
            # Configuration

            Generated from the program's settings; edit their comments instead.

            One file, `portcullis.yaml`: the one that `--config` names, or the one in the current folder. Without a file the defaults work. Every setting can also be given by an
            environment variable, which then counts: `PORTCULLIS__` and the keys in capitals, joined by `__`, items of lists by their number from 0, as in `PORTCULLIS__SERVER__LISTEN__0`. An empty variable
            counts as not set. Everything that is wrong is reported at once, with file, line and column or the variable's name, and the program does not start.

            - Durations are written `250ms`, `90s`, `15m`, `1h30m`, `30d`; sizes in bytes or as `64KiB`, `20MiB`, `2GiB` (`kB`, `MB`, `GB` are powers of ten).
            - Relative paths count from the file's folder, in environment variables from the current folder. `{data}` at the beginning of a path is the setting `data`.
            - YAML's anchors, aliases and tags are not accepted, nor is a key that stands twice.

            An editor that knows JSON schemas completes and checks the file with [portcullis.schema.json](portcullis.schema.json):

                # yaml-language-server: $schema=portcullis.schema.json


            """);
        Section(typeof(PortcullisConfiguration), "", "PORTCULLIS");
        return _page.ToString().Replace("\r\n", "\n", StringComparison.Ordinal).TrimEnd('\n') + "\n";
    }

    private void Section(Type type, string path, string variable)
    {
        var defaults = Activator.CreateInstance(type)!;
        var settings = Setting.Of(type);
        _page.Append(path.Length == 0 ? "## At the top\n\n" : $"## {path}\n\n");
        if (path.Length > 0)
        {
            _page.Append($"Environment: `{variable}__…`\n\n");
        }
        _page.Append("| key | value | default | meaning |\n|---|---|---|---|\n");
        foreach (var setting in settings)
        {
            _page.Append($"| `{setting.Key}` | {Value(setting.Type, setting)} | {Default(setting, defaults)} | {comments.Of(setting.Property).Replace("|", "\\|", StringComparison.Ordinal)} |\n");
        }
        _page.Append('\n');
        foreach (var setting in settings)
        {
            var isList = Setting.KindOf(setting.Type) == SettingKind.List;
            var inner = isList ? Setting.ItemOf(setting.Type) : setting.Type;
            if (Setting.KindOf(inner) == SettingKind.Section)
            {
                Section(inner, (path.Length == 0 ? "" : path + ".") + setting.Key + (isList ? "[]" : ""), $"{variable}__{setting.Key.ToUpperInvariant()}{(isList ? "__0" : "")}");
            }
        }
    }

    private static string Value(Type type, Setting setting) => Setting.KindOf(type) switch
    {
        SettingKind.Section => "see below",
        SettingKind.List when Setting.KindOf(Setting.ItemOf(type)) == SettingKind.Section => "list, see below",
        SettingKind.List => $"list of {(setting.Has<PermissionsAttribute>() ? "permissions" : setting.Has<OneOfAttribute>() ? Value(Setting.ItemOf(type), setting) : "texts")}",
        SettingKind.Map => "keys and texts",
        SettingKind.Flag => "`true`, `false`",
        SettingKind.Choice => string.Join(", ", ValueReader.Words(type).Select(word => $"`{word}`")),
        SettingKind.Duration => "duration" + Bounds(setting),
        SettingKind.Number => (setting.Has<SizeAttribute>() ? "size" : "number") + Bounds(setting),
        _ when setting.Attribute<OneOfAttribute>() is { } words => string.Join(", ", words.Words.Select(word => $"`{word}`")),
        _ when setting.Has<FilePathOrUrlAttribute>() => "path or URL",
        _ when setting.Has<FilePathAttribute>() => "path",
        _ => "text",
    };

    private static string Bounds(Setting setting) => setting.Attribute<BetweenAttribute>() is { } bounds
        ? $", {bounds.Least} to {bounds.Most}{(bounds.OrZero ? " or 0" : "")}"
        : "";

    private static string Default(Setting setting, object section)
    {
        if (setting.IsRequired)
        {
            return "required";
        }
        if (setting.Attribute<DefaultTextAttribute>() is { } words)
        {
            return words.Text;
        }
        return setting.Property.GetValue(section) switch
        {
            null => "none",
            string text => $"`{text}`",
            bool flag => flag ? "`true`" : "`false`",
            TimeSpan duration => $"`{Durations.Format(duration)}`",
            int or long when setting.Has<SizeAttribute>() => $"`{Sizes.Format(Convert.ToInt64(setting.Property.GetValue(section)))}`",
            int or long => $"`{setting.Property.GetValue(section)}`",
            Enum choice => $"`{JsonNamingPolicy.CamelCase.ConvertName(choice.ToString())}`",
            IReadOnlyList<string> { Count: > 0 } texts => $"`[{string.Join(", ", texts)}]`",
            System.Collections.ICollection { Count: 0 } => "none",
            _ => "",
        };
    }
}
