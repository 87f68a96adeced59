import"./chunk-UOLFTCP7.js";var o=`
smile 😄 smiley 😃 grinning 😀 grin 😁 laughing 😆 joy 😂 rofl 🤣 sweat_smile 😅 slightly_smiling_face 🙂 upside_down_face 🙃 melting_face 🫠 wink 😉
blush 😊 innocent 😇 smiling_face_with_three_hearts 🥰 heart_eyes 😍 star_struck 🤩 kissing_heart 😘 kissing 😗 relaxed ☺️ yum 😋 stuck_out_tongue 😛
stuck_out_tongue_winking_eye 😜 zany_face 🤪 money_mouth_face 🤑 hugs 🤗 hand_over_mouth 🤭 shushing_face 🤫 thinking 🤔 saluting_face 🫡 zipper_mouth_face 🤐
raised_eyebrow 🤨 neutral_face 😐 expressionless 😑 no_mouth 😶 smirk 😏 unamused 😒 roll_eyes 🙄 grimacing 😬 lying_face 🤥 relieved 😌 pensive 😔 sleepy 😪
drooling_face 🤤 sleeping 😴 mask 😷 face_with_thermometer 🤒 face_with_head_bandage 🤕 nauseated_face 🤢 vomiting_face 🤮 sneezing_face 🤧 hot_face 🥵 cold_face 🥶
woozy_face 🥴 dizzy_face 😵 exploding_head 🤯 cowboy_hat_face 🤠 partying_face 🥳 disguised_face 🥸 sunglasses 😎 nerd_face 🤓 monocle_face 🧐 confused 😕
worried 😟 slightly_frowning_face 🙁 open_mouth 😮 hushed 😯 astonished 😲 flushed 😳 pleading_face 🥺 frowning 😦 anguished 😧 fearful 😨 cold_sweat 😰 cry 😢
sob 😭 scream 😱 confounded 😖 persevere 😣 disappointed 😞 sweat 😓 weary 😩 tired_face 😫 yawning_face 🥱 triumph 😤 rage 😡 angry 😠 cursing_face 🤬
smiling_imp 😈 imp 👿 skull 💀 poop 💩 clown_face 🤡 ghost 👻 alien 👽 robot 🤖 space_invader 👾 jack_o_lantern 🎃 see_no_evil 🙈 hear_no_evil 🙉 speak_no_evil 🙊
wave 👋 raised_hand ✋ vulcan_salute 🖖 ok_hand 👌 pinched_fingers 🤌 pinching_hand 🤏 v ✌️ crossed_fingers 🤞 love_you_gesture 🤟 metal 🤘 call_me_hand 🤙
point_left 👈 point_right 👉 point_up_2 👆 point_down 👇 point_up ☝️ thumbsup 👍 +1 👍 thumbsdown 👎 -1 👎 fist ✊ punch 👊 facepunch 👊 clap 👏 raised_hands 🙌
heart_hands 🫶 open_hands 👐 handshake 🤝 pray 🙏 writing_hand ✍️ nail_care 💅 selfie 🤳 muscle 💪 ear 👂 nose 👃 brain 🧠 eyes 👀 eye 👁️ tongue 👅 lips 👄
baby 👶 boy 👦 girl 👧 man 👨 woman 👩 older_man 👴 older_woman 👵 shrug 🤷 facepalm 🤦 bow 🙇 raising_hand 🙋 no_good 🙅 ok_person 🙆 technologist 🧑‍💻
mechanic 🧑‍🔧 scientist 🧑‍🔬 farmer 🧑‍🌾 cook 🧑‍🍳 teacher 🧑‍🏫 firefighter 🧑‍🚒 astronaut 🧑‍🚀 ninja 🥷 superhero 🦸 mage 🧙 runner 🏃 walking 🚶 dancer 💃
heart ❤️ orange_heart 🧡 yellow_heart 💛 green_heart 💚 blue_heart 💙 purple_heart 💜 black_heart 🖤 white_heart 🤍 broken_heart 💔 sparkling_heart 💖 two_hearts 💕
100 💯 anger 💢 boom 💥 dizzy 💫 sweat_drops 💦 dash 💨 bomb 💣 speech_balloon 💬 thought_balloon 💭 zzz 💤 sparkles ✨ star ⭐ star2 🌟 fire 🔥 zap ⚡ tada 🎉
confetti_ball 🎊 balloon 🎈 birthday 🎂 gift 🎁 ribbon 🎀 christmas_tree 🎄 fireworks 🎆 sparkler 🎇 trophy 🏆 medal 🏅 first_place 🥇 second_place 🥈 third_place 🥉
dog 🐶 cat 🐱 mouse 🐭 hamster 🐹 rabbit 🐰 fox_face 🦊 bear 🐻 panda_face 🐼 koala 🐨 tiger 🐯 lion 🦁 cow 🐮 pig 🐷 frog 🐸 monkey_face 🐵 chicken 🐔
penguin 🐧 bird 🐦 baby_chick 🐤 duck 🦆 eagle 🦅 owl 🦉 bat 🦇 wolf 🐺 horse 🐴 unicorn 🦄 bee 🐝 bug 🐛 butterfly 🦋 snail 🐌 beetle 🪲 ant 🐜 spider 🕷️
turtle 🐢 snake 🐍 octopus 🐙 squid 🦑 crab 🦀 fish 🐟 dolphin 🐬 whale 🐳 shark 🦈 elephant 🐘 camel 🐫 giraffe 🦒 sheep 🐑 goat 🐐 hedgehog 🦔 paw_prints 🐾
bouquet 💐 cherry_blossom 🌸 rose 🌹 sunflower 🌻 tulip 🌷 seedling 🌱 evergreen_tree 🌲 palm_tree 🌴 cactus 🌵 herb 🌿 four_leaf_clover 🍀 maple_leaf 🍁 mushroom 🍄
grapes 🍇 melon 🍈 watermelon 🍉 tangerine 🍊 lemon 🍋 banana 🍌 pineapple 🍍 mango 🥭 apple 🍎 green_apple 🍏 pear 🍐 peach 🍑 cherries 🍒 strawberry 🍓 blueberries 🫐
tomato 🍅 avocado 🥑 eggplant 🍆 potato 🥔 carrot 🥕 corn 🌽 hot_pepper 🌶️ cucumber 🥒 broccoli 🥦 garlic 🧄 onion 🧅 bread 🍞 croissant 🥐 pretzel 🥨 cheese 🧀 egg 🥚
fried_egg 🍳 pancakes 🥞 bacon 🥓 hamburger 🍔 fries 🍟 pizza 🍕 hotdog 🌭 sandwich 🥪 taco 🌮 burrito 🌯 falafel 🧆 salad 🥗 popcorn 🍿 rice 🍚 curry 🍛 ramen 🍜
spaghetti 🍝 sushi 🍣 dumpling 🥟 icecream 🍦 doughnut 🍩 cookie 🍪 cake 🍰 cupcake 🧁 pie 🥧 chocolate_bar 🍫 candy 🍬 honey_pot 🍯 coffee ☕ tea 🍵 bubble_tea 🧋
milk_glass 🥛 beer 🍺 beers 🍻 wine_glass 🍷 cocktail 🍸 champagne 🍾 fork_and_knife 🍴 salt 🧂 can 🥫
soccer ⚽ basketball 🏀 football 🏈 tennis 🎾 volleyball 🏐 8ball 🎱 ping_pong 🏓 dart 🎯 bowling 🎳 video_game 🎮 game_die 🎲 chess_pawn ♟️ jigsaw 🧩 art 🎨
guitar 🎸 violin 🎻 drum 🥁 musical_keyboard 🎹 microphone 🎤 headphones 🎧 musical_note 🎵 notes 🎶 movie_camera 🎥 clapper 🎬 camera 📷 bike 🚲 car 🚗 taxi 🚕 bus 🚌
ambulance 🚑 fire_engine 🚒 police_car 🚓 truck 🚚 tractor 🚜 train 🚆 tram 🚊 airplane ✈️ rocket 🚀 flying_saucer 🛸 helicopter 🚁 sailboat ⛵ ship 🚢 anchor ⚓
construction 🚧 fuelpump ⛽ traffic_light 🚦 house 🏠 office 🏢 hospital 🏥 school 🏫 factory 🏭 tent ⛺ camping 🏕️ mountain ⛰️ beach_umbrella 🏖️ stadium 🏟️
earth_africa 🌍 earth_americas 🌎 earth_asia 🌏 globe 🌐 world_map 🗺️ sunny ☀️ partly_sunny ⛅ cloud ☁️ rain 🌧️ thunder ⛈️ snowflake ❄️ snowman ⛄ umbrella ☔ rainbow 🌈 ocean 🌊
droplet 💧 crescent_moon 🌙 full_moon 🌕 new_moon 🌑 comet ☄️ tornado 🌪️ watch ⌚ alarm_clock ⏰ hourglass ⌛ stopwatch ⏱️ timer ⏲️ phone 📱 telephone ☎️ computer 💻
desktop 🖥️ keyboard ⌨️ printer 🖨️ mouse_three 🖱️ floppy_disk 💾 cd 💿 battery 🔋 electric_plug 🔌 bulb 💡 flashlight 🔦 candle 🕯️ satellite 📡 tv 📺 radio 📻 wrench 🔧 hammer 🔨
screwdriver 🪛 saw 🪚 nut_and_bolt 🔩 gear ⚙️ toolbox 🧰 magnet 🧲 ladder 🪜 brick 🧱 axe 🪓 link 🔗 chains ⛓️ hook 🪝 test_tube 🧪 microscope 🔬 telescope 🔭 dna 🧬
thermometer 🌡️ pill 💊 syringe 💉 bandage 🩹 broom 🧹 basket 🧺 soap 🧼 toilet 🚽 shower 🚿 bathtub 🛁 door 🚪 bed 🛏️ couch 🛋️ chair 🪑 key 🔑 lock 🔒 unlock 🔓 shield 🛡️
bell 🔔 no_bell 🔕 loudspeaker 📢 mega 📣 email ✉️ inbox 📥 outbox 📤 package 📦 mailbox 📫 pencil ✏️ pen 🖊️ memo 📝 book 📖 books 📚 notebook 📓 newspaper 📰 bookmark 🔖
label 🏷️ money 💰 dollar 💵 euro 💶 credit_card 💳 chart 📈 chart_down 📉 bar_chart 📊 calendar 📅 clipboard 📋 pushpin 📌 round_pushpin 📍 paperclip 📎 ruler 📏 scissors ✂️
folder 📁 file 📄 wastebasket 🗑️ mag 🔍 crystal_ball 🔮 teddy_bear 🧸 thread 🧵 yarn 🧶 glasses 👓 tshirt 👕 jeans 👖 dress 👗 shoe 👟 boot 🥾 hat 🎩 crown 👑 backpack 🎒
warning ⚠️ no_entry ⛔ stop 🛑 sos 🆘 check ✅ white_check_mark ✅ heavy_check_mark ✔️ x ❌ cross_mark ❌ question ❓ exclamation ❗ bangbang ‼️ interrobang ⁉️ radioactive ☢️
biohazard ☣️ recycle ♻️ infinity ♾️ heavy_plus_sign ➕ heavy_minus_sign ➖ arrow_up ⬆️ arrow_down ⬇️ arrow_left ⬅️ arrow_right ➡️ arrows_counterclockwise 🔄 back 🔙 soon 🔜 top 🔝
new 🆕 free 🆓 up 🆙 cool 🆒 ok 🆗 red_circle 🔴 orange_circle 🟠 yellow_circle 🟡 green_circle 🟢 blue_circle 🔵 purple_circle 🟣 black_circle ⚫ white_circle ⚪ one 1️⃣ two 2️⃣ three 3️⃣
four 4️⃣ five 5️⃣ six 6️⃣ seven 7️⃣ eight 8️⃣ nine 9️⃣ zero 0️⃣ hash #️⃣ play ▶️ pause ⏸️ stop_button ⏹️ record ⏺️ fast_forward ⏩ rewind ⏪ mute 🔇 speaker 🔊 checkered_flag 🏁
white_flag 🏳️ rainbow_flag 🏳️‍🌈 pirate_flag 🏴‍☠️ flag 🚩
`,a=o.trim().split(/\s+/),t=a.flatMap((r,e)=>e%2===0?[[r,a[e+1]]]:[]);export{t as named};
